import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppHost, HostState, RunningApp } from "../appHost.ts";
import { endpoint } from "../connections.ts";
import { RollgateError } from "../errors.ts";
import type { Jar } from "../jar.ts";
import { type HealthReport, probe } from "../probe.ts";
import type { Environment, HealthPolicy, HostDescriptor, Launch } from "../rollRequest.ts";
import { AppLog } from "./appLog.ts";
import { endProcesses } from "./endProcesses.ts";
import { findExecutable } from "./findExecutable.ts";
import { LaunchStore } from "./launchStore.ts";
import { isAlive, listProcesses, type ProcessEntry, startVariable } from "./processTable.ts";
import { ReleaseStore } from "./releaseStore.ts";
import { describeListener, listenerOn } from "./tcpTable.ts";

const LAUNCH_VARIABLE = "ROLLGATE_LAUNCH";
const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "TMPDIR"];

/** What a local host needs to know beside its descriptor. */
export interface LocalAppHostOptions {
  readonly launch: Launch;
  readonly environment: Environment;
  readonly health: HealthPolicy;
}

/**
 * An app host on this machine: a directory, an address and a port; the JVM is a detached process.
 * What runs is read from `/proc` each time: the JVM is started with the path of its release, never
 * with the `current` link, so its command line names the release and no pid file can be stale.
 */
export class LocalAppHost implements AppHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly launch: string;
  readonly #directory: string;
  readonly #options: LocalAppHostOptions;
  readonly #store: ReleaseStore;
  readonly #launches: LaunchStore;
  readonly #log: AppLog;
  #seen: ProcessEntry | undefined;

  constructor(descriptor: HostDescriptor, options: LocalAppHostOptions) {
    this.name = descriptor.name;
    this.address = descriptor.address;
    this.port = descriptor.port;
    this.#directory = descriptor.directory;
    this.#options = options;
    this.#store = new ReleaseStore(descriptor.directory);
    this.#log = new AppLog(join(descriptor.directory, "logs", "app.log"));
    this.#launches = new LaunchStore(join(descriptor.directory, "launches"));
    this.launch = createHash("sha256")
      .update(JSON.stringify([options.launch, options.environment, this.address, this.port]))
      .digest("hex")
      .slice(0, 12);
  }

  async preflight(): Promise<void> {
    await findJava(this.#options.launch.java);
    await mkdir(join(this.#directory, "logs"), { recursive: true, mode: 0o755 });
    const owner = await this.portOwner();
    if (typeof owner === "object") {
      throw new RollgateError("port-taken", `port ${this.port} of ${this.name} is taken by ${owner.other}`);
    }
  }

  async observe(): Promise<HostState> {
    const [process, current, releases] = await Promise.all([
      this.#process(),
      this.#store.current(),
      this.#store.list(),
    ]);
    return {
      ...(process && { running: await this.#describe(process) }),
      ...(current !== undefined && { current }),
      releases,
    };
  }

  async stage(id: string, jar: Jar | undefined): Promise<void> {
    if (jar) return this.#store.add(id, jar);
    if (!(await this.#store.holds(id))) {
      throw new RollgateError("release-missing", `${this.name} does not keep a whole release ${id}`);
    }
  }

  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return endProcesses(await this.#processes(), graceSeconds);
  }

  async switchTo(id: string): Promise<void> {
    await this.#store.switchTo(id);
  }

  async start(launch: string): Promise<void> {
    const release = await this.#store.current();
    if (release === undefined) throw new RollgateError("no-release", `${this.name} has no current release`);
    const owner = await this.portOwner();
    if (owner !== "nobody") {
      const taker = typeof owner === "object" ? owner.other : "an application that still runs";
      throw new RollgateError("port-taken", `port ${this.port} of ${this.name} is taken by ${taker}`);
    }
    const own = { launch: this.#options.launch, environment: this.#options.environment };
    await this.#launches.remember(this.launch, own);
    const recalled = launch === this.launch ? undefined : await this.#launches.recall(launch);
    const spec = recalled ?? own;
    const { jvmOptions, arguments: extra } = spec.launch;
    const log = await this.#log.begin();
    try {
      const child = spawn(
        await findJava(spec.launch.java),
        [
          ...jvmOptions,
          "-jar",
          this.#store.jarOf(release),
          `--server.port=${this.port}`,
          `--server.address=${this.address}`,
          ...extra,
        ],
        {
          cwd: this.#directory,
          detached: true,
          stdio: ["ignore", log.fd, log.fd],
          env: this.#variables(spec.environment, recalled ? launch : this.launch),
        },
      );
      await once(child, "spawn");
      child.unref();
    } finally {
      await log.close();
    }
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const { path, timeoutMilliseconds } = this.#options.health;
    return probe(`http://${endpoint(this.address, this.port)}${path}`, timeoutMilliseconds, signal);
  }

  async portOwner(): Promise<"application" | "nobody" | { readonly other: string }> {
    const listener = await listenerOn(this.address, this.port, await this.#process());
    if (listener === undefined) return "nobody";
    if (listener !== "unknown" && this.#releaseOf(listener) !== undefined) return "application";
    return { other: describeListener(listener) };
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#log.tail(lines);
  }

  async prune(keep: number): Promise<void> {
    const { running, current } = await this.observe();
    await this.#store.prune(
      keep,
      [running?.release, current].filter((id) => id !== undefined),
    );
  }

  /** The process seen last, as long as it is there: gates ask several times a second. */
  async #process(): Promise<ProcessEntry | undefined> {
    if (this.#seen === undefined || !(await isAlive(this.#seen))) [this.#seen] = await this.#processes();
    return this.#seen;
  }

  async #processes(): Promise<ProcessEntry[]> {
    return (await listProcesses()).filter((process) => this.#releaseOf(process) !== undefined);
  }

  #releaseOf({ argv }: ProcessEntry): string | undefined {
    const jar = argv[argv.indexOf("-jar") + 1];
    return argv.includes("-jar") && jar !== undefined ? this.#store.idOf(jar) : undefined;
  }

  async #describe(process: ProcessEntry): Promise<RunningApp> {
    const launch = await startVariable(process.pid, LAUNCH_VARIABLE);
    return { pid: process.pid, release: this.#releaseOf(process) ?? "", launch };
  }

  #variables(environment: Environment, launch: string): NodeJS.ProcessEnv {
    const inherited = PASSED_ON.flatMap((key) => {
      const value = process.env[key];
      return value === undefined ? [] : [[key, value]];
    });
    return {
      ...Object.fromEntries(inherited),
      ROLLGATE_HOST: this.name,
      ...environment,
      [LAUNCH_VARIABLE]: launch,
    };
  }
}

async function findJava(command: string): Promise<string> {
  const path = await findExecutable(command);
  if (path !== undefined) return path;
  throw new RollgateError("java-missing", `java: expected a Java runtime, found no executable ${command}`);
}

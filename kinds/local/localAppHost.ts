import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AppHost, HostState, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import { launchUnknown, noRelease, portTaken, releaseMissing } from "#rollout/host/hostProblems.ts";
import { type LaunchSpec, launchFingerprint } from "#rollout/host/launchSpec.ts";
import { type HealthReport, probe } from "#rollout/host/probe.ts";
import { endpoint } from "#rollout/machine/connections.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { retained } from "#rollout/release/retained.ts";
import type { Environment, HealthPolicy, Launch } from "#rollout/request/rollRequest.ts";
import { AppLog } from "./appLog.ts";
import { endProcesses } from "./endProcesses.ts";
import { readGoodTarget, writeGoodTarget } from "./goodTarget.ts";
import { LaunchStore } from "./launchStore.ts";
import type { LocalHostDescriptor } from "./localDescriptors.ts";
import { isAlive, listProcesses, type ProcessEntry, startVariable } from "./processTable.ts";
import { ReleaseStore } from "./releaseStore.ts";
import { findJava, startJava } from "./startJava.ts";
import { describeListener, listenerOn } from "./tcpTable.ts";

const LAUNCH_VARIABLE = "ROLLGATE_LAUNCH";

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
  readonly logPlace: string;
  readonly #directory: string;
  readonly #options: LocalAppHostOptions;
  readonly #store: ReleaseStore;
  readonly #launches: LaunchStore;
  readonly #log: AppLog;
  #seen: ProcessEntry | undefined;

  constructor(descriptor: LocalHostDescriptor, options: LocalAppHostOptions) {
    this.name = descriptor.name;
    this.address = descriptor.address;
    this.port = descriptor.port;
    this.#directory = descriptor.directory;
    this.#options = options;
    this.#store = new ReleaseStore(descriptor.directory);
    this.logPlace = join(descriptor.directory, "logs", "app.log");
    this.#log = new AppLog(this.logPlace);
    this.#launches = new LaunchStore(join(descriptor.directory, "launches"));
    this.launch = launchFingerprint(options, this.address, this.port);
  }

  async preflight(): Promise<void> {
    await findJava(this.#options.launch.java);
    await this.#named("cannot keep its files", () =>
      mkdir(join(this.#directory, "logs"), { recursive: true, mode: 0o755 }),
    );
    const owner = await this.portOwner();
    if (owner.kind === "other") throw portTaken(this, owner.name);
  }

  async observe(): Promise<HostState> {
    const [running, current, releases, good] = await Promise.all([
      this.runningApp(),
      this.#store.current(),
      this.#store.list(),
      readGoodTarget(this.#directory),
    ]);
    return {
      ...(running && { running }),
      ...(current !== undefined && { current }),
      ...(good && { good }),
      releases,
    };
  }

  async runningApp(): Promise<RunningApp | undefined> {
    const process = await this.#process();
    return process && this.#describe(process);
  }

  async stage(id: string, jar: Jar | undefined): Promise<void> {
    if (jar) return this.#named(`cannot take ${id}`, () => this.#store.add(id, jar));
    if (!(await this.#named(`cannot show ${id}`, () => this.#store.holds(id)))) {
      throw releaseMissing(this, id);
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
    if (release === undefined) throw noRelease(this);
    const owner = await this.portOwner();
    if (owner.kind === "other") throw portTaken(this, owner.name);
    if (owner.kind === "application") throw portTaken(this, `${owner.release}, which still runs`);
    const spec = await this.#specOf(launch);
    // Written down before it is used, so that it can be gone back to.
    await this.#launches.remember(launch, spec);
    await startJava({
      launch: spec.launch,
      jar: this.#store.jarOf(release),
      address: this.address,
      port: this.port,
      directory: this.#directory,
      environment: { ROLLGATE_HOST: this.name, ...spec.environment, [LAUNCH_VARIABLE]: launch },
      log: this.#log,
    });
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const { path, timeoutMilliseconds } = this.#options.health;
    return probe(`http://${endpoint(this.address, this.port)}${path}`, timeoutMilliseconds, signal);
  }

  async markGood(target: Revision): Promise<void> {
    await writeGoodTarget(this.#directory, target);
  }

  async portOwner(): Promise<PortOwner> {
    const listener = await listenerOn(this.address, this.port, await this.#process());
    if (listener === undefined) return { kind: "nobody" };
    const release = listener === "unknown" ? undefined : this.#releaseOf(listener);
    return release === undefined
      ? { kind: "other", name: describeListener(listener) }
      : { kind: "application", release };
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#log.tail(lines);
  }

  async prune(keep: number, spared: readonly Revision[]): Promise<void> {
    const { releases, launches } = retained(await this.observe(), this.launch, spared);
    await this.#store.prune(keep, releases);
    await this.#launches.prune(launches);
  }

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    if (launch !== this.launch) return this.#launches.recall(launch);
    return { launch: this.#options.launch, environment: this.#options.environment };
  }

  async #specOf(launch: string): Promise<LaunchSpec> {
    const spec = await this.recallLaunch(launch);
    if (!spec) throw launchUnknown(this);
    return spec;
  }

  /** Whatever goes wrong is told with the name of the host. */
  async #named<T>(what: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const code = error instanceof RollgateError ? error.code : "host-files";
      throw new RollgateError(code, `${this.name} ${what}: ${messageOf(error)}`, { cause: error });
    }
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
}

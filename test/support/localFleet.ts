import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalHostDescriptor, LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { openLocalNginx } from "#kinds/local/localNginx.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import type { HostState, RunningApp } from "#rollout/host/appHost.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { endProcessesUnder, kill } from "./endProcessesUnder.ts";
import { freePort } from "./freePort.ts";
import { runningNginx } from "./nginxProcess.ts";
import { listProcesses } from "./processTable.ts";
import { RollerProcess, type RollOutcome } from "./rollerProcess.ts";
import { type LostRequest, Traffic, type TrafficReport } from "./traffic.ts";

const REQUESTS_PER_SECOND = 200;
const AFTERMATH_MILLISECONDS = 300;
const SETTLE_SECONDS = 5;
const SLOWEST_REQUEST_SECONDS = 1;

/** What a test may say of a roll; everything else is quick and robust. */
export interface RollSettings
  extends Partial<Pick<RollRequest, "environment" | "minimumHealthy" | "keepReleases" | "onFailure">> {
  readonly jar?: string;
  /** Instead of the one that the jar tells. */
  readonly version?: string;
  /** Instead of the real one. */
  readonly java?: string;
  /** Instead of a jar, the name of a release that the hosts keep. */
  readonly release?: string;
  readonly health?: Partial<RollRequest["health"]>;
  readonly timing?: Partial<RollRequest["timing"]>;
}

/** What happened under load, with the clock that `LostRequest` uses. */
export interface UnderLoad<T> {
  readonly result: T;
  readonly seen: TrafficReport;
}

/** Real local hosts behind a real nginx, in a temporary directory and on free ports. */
export class LocalFleet {
  readonly directory: string;
  readonly hosts: readonly LocalHostDescriptor[];
  readonly proxy: LocalProxyDescriptor;
  readonly #counts = { lost: 0, sent: 0 };
  #rolls = 0;
  #lastRoll: RollOutcome | undefined;
  #trafficBegan = 0;

  private constructor(directory: string, hosts: readonly LocalHostDescriptor[], proxy: LocalProxyDescriptor) {
    this.directory = directory;
    this.hosts = hosts;
    this.proxy = proxy;
  }

  /** Nginx serves; no host has a release yet, unless `prepare` put one there. */
  static async create(
    size: number,
    prepare?: (fleet: LocalFleet) => Promise<void>,
    nginxAddress = "127.0.0.1",
  ): Promise<LocalFleet> {
    const directory = await mkdtemp(join(tmpdir(), "rollgate-faults-"));
    await chmod(directory, 0o755);
    const hosts: LocalHostDescriptor[] = [];
    for (let number = 1; number <= size; number++) {
      const name = `app-${number}`;
      const place = { address: "127.0.0.1", port: await freePort() };
      hosts.push({ kind: "local", name, directory: join(directory, "hosts", name), ...place });
    }
    const place = { address: nginxAddress, port: await freePort() };
    const fleet = new LocalFleet(directory, hosts, {
      kind: "local",
      directory: join(directory, "nginx"),
      ...place,
    });
    await mkdir(join(directory, "temp"));
    await prepare?.(fleet);
    await fleet.serveNginx();
    return fleet;
  }

  get url(): string {
    return `http://${this.proxy.address}:${this.proxy.port}`;
  }

  host(name: string): LocalHostDescriptor {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`there is no ${name}`);
    return host;
  }

  /** Does what the nginx resource does. */
  async serveNginx(settings: Partial<NginxSettings> = {}) {
    const nginx = openLocalNginx(this.proxy, "nginx");
    const served: NginxSettings = {
      ...this.proxy,
      flavour: "stock",
      hosts: this.hosts.map(({ name, address, port }) => ({ name, address, port })),
      check: {
        path: "/",
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      healthPath: "/actuator/health",
      slowestRequestSeconds: SLOWEST_REQUEST_SECONDS,
      statusAllow: [],
      ...(await nginx.settings()),
      ...settings,
    };
    return serveConfiguration(nginx.server, served, SETTLE_SECONDS).finally(() => nginx.close());
  }

  /** Starts a deployer; `engine` is the address that it watches. */
  async startRoll(settings: RollSettings, engine?: string): Promise<RollerProcess> {
    const file = join(this.directory, `roll-${++this.#rolls}.json`);
    const { jar, version, release, ...rest } = settings;
    const goal = release === undefined ? { jar: { path: jar, version } } : { release };
    await writeFile(file, JSON.stringify({ ...this.#request(rest), ...goal }), { mode: 0o600 });
    const roller = new RollerProcess(file, engine);
    roller.done.then((outcome) => {
      this.#lastRoll = outcome;
    });
    return roller;
  }

  async roll(settings: RollSettings): Promise<RollOutcome> {
    return (await this.startRoll(settings)).done;
  }

  /** Runs `work` while clients send requests, and a moment longer. */
  async underLoad<T>(work: () => Promise<T>): Promise<UnderLoad<T>> {
    this.#trafficBegan = performance.now();
    const traffic = new Traffic(this.url, REQUESTS_PER_SECOND);
    try {
      const result = await work();
      await sleep(AFTERMATH_MILLISECONDS);
      const seen = await traffic.stop();
      this.#counts.sent += seen.sent;
      this.#counts.lost += seen.lost.length;
      return { result, seen };
    } finally {
      await traffic.stop();
    }
  }

  /** The time on the clock of `LostRequest.atSeconds`. */
  get loadSeconds(): number {
    return (performance.now() - this.#trafficBegan) / 1000;
  }

  /** What clients saw since the last call, and how long the last roll took, or its way back if it had to go back. */
  takeCounts(): { lost: number; sent: number; recoverySeconds: number } {
    const counts = { ...this.#counts, recoverySeconds: recoverySeconds(this.#lastRoll?.output ?? "") };
    Object.assign(this.#counts, { lost: 0, sent: 0 });
    return counts;
  }

  async observe(name: string): Promise<HostState> {
    const { supervisor, files } = openLocalHost(this.host(name));
    const running = await supervisor.running();
    return { ...(running && { running }), ...(await files.describe()) };
  }

  async running(name: string): Promise<RunningApp | undefined> {
    return (await this.observe(name)).running;
  }

  /** What each host says that it runs. */
  async releases(): Promise<Record<string, string>> {
    const states = await Promise.all(this.hosts.map(({ name }) => this.observe(name)));
    return Object.fromEntries(
      this.hosts.map(({ name }, index) => [name, states[index]?.running?.release ?? "nothing"]),
    );
  }

  /**
   * What clients get: the versions by the host that answered them. Asks until as many hosts as expected have
   * answered: nginx leaves a server that has failed alone for its `fail_timeout` of 10 s.
   */
  async served(hosts = this.hosts.length): Promise<Record<string, string>> {
    const served: Record<string, string> = {};
    const deadline = performance.now() + 12_000;
    for (let request = 0; request < 10 || Object.keys(served).length < hosts; request++) {
      if (performance.now() > deadline) break;
      const { host, version } = Object(await (await fetch(`${this.url}/hello`)).json());
      served[host] = version;
      await sleep(5);
    }
    return served;
  }

  /** SIGKILL to the JVM of a host, as the kernel does when memory runs out; tells when, on the load's clock. */
  async killJvm(name: string): Promise<number> {
    const { pid } = (await this.running(name)) ?? {};
    if (pid === undefined) throw new Error(`${name} runs nothing`);
    process.kill(pid, "SIGKILL");
    return this.loadSeconds;
  }

  /** What a process was started with. */
  environmentOf(pid: number): Record<string, string> {
    const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
    return Object.fromEntries(
      lines.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
    );
  }

  flag(name: string): string {
    return join(this.proxy.directory, "drained", name);
  }

  /** Ends nginx at once, workers included; tells when, on the load's clock. */
  async killNginx(): Promise<number> {
    const master = await runningNginx(this.proxy.directory);
    if (!master) throw new Error("nginx does not run");
    const workers = (await listProcesses()).filter(({ parentPid }) => parentPid === master.pid);
    for (const { pid } of [master, ...workers]) kill(pid);
    const killedAt = this.loadSeconds;
    while (await runningNginx(this.proxy.directory)) await sleep(10);
    return killedAt;
  }

  /** Ends everything that was started in the directory, and removes it. */
  async remove(): Promise<void> {
    await endProcessesUnder(this.directory);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #request({ health, timing, java = "java", ...rest }: Omit<RollSettings, "jar" | "version" | "release">) {
    const inMemory = `-Djava.io.tmpdir=${join(this.directory, "temp")}`;
    const jvmOptions = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m", inMemory];
    return {
      hosts: this.hosts,
      proxy: this.proxy,
      launch: { java, jvmOptions, arguments: [] },
      environment: {},
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 100,
        timeoutMilliseconds: 1000,
        deadlineSeconds: 30,
        ...health,
      },
      timing: {
        settleSeconds: SETTLE_SECONDS,
        graceSeconds: 10,
        soakSeconds: 0,
        rollDeadlineSeconds: 300,
        leaseWaitSeconds: 0,
        slowestRequestSeconds: SLOWEST_REQUEST_SECONDS,
        shutdownPhaseSeconds: 1,
        ...timing,
      },
      minimumHealthy: this.hosts.length - 1,
      keepReleases: 3,
      onFailure: "rollback" as const,
      ...rest,
    };
  }
}

/**
 * The requests whose loss a killed JVM does not explain. Nginx sends a GET again elsewhere, unless its answer had
 * begun: then the connection is closed. A POST that the JVM was answering cannot be sent again.
 */
export function unexplained(lost: readonly LostRequest[], killedAtSeconds: number): LostRequest[] {
  return lost.filter(({ request, reason, atSeconds }) => {
    const wasUnderWay = atSeconds > killedAtSeconds - 1 && atSeconds < killedAtSeconds + 0.05;
    return !wasUnderWay || !(request.startsWith("POST") || /other side closed|ECONNRESET/.test(reason));
  });
}

function recoverySeconds(output: string): number {
  const times = (phase: RegExp) =>
    [...output.matchAll(/^\[ *([\d.]+) s\] \S+ +(\w+) /gm)]
      .filter(([, , name = ""]) => phase.test(name))
      .map(([, seconds]) => Number(seconds));
  const end = times(/./).at(-1) ?? 0;
  return end - (times(/^restore$/)[0] ?? 0);
}

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import type { AppHost, HostState, PortOwner, Revision, RunningApp } from "#rollout/host/appHost.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import type { HealthReport } from "#rollout/host/probe.ts";
import type { LeaseTiming } from "#rollout/lease/lease.ts";
import type { ReverseProxy, UpstreamState } from "#rollout/nginx/reverseProxy.ts";
import type { Report } from "#rollout/roll/reporter.ts";
import { type DesiredRelease, type RollResult, roll } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { freePort } from "../../harness/freePort.ts";
import { FileLeaseStore } from "./fileLeaseStore.ts";
import { close } from "./httpServer.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** How a release behaves on a host: it is healthy, unhealthy with a status, or ends at once. */
export type Conduct = "up" | "down" | "down with 200" | "ends";

/** A host before the roll. */
export interface Before {
  readonly runs?: string;
  readonly launch?: string;
  /** What runs, by default. */
  readonly current?: string;
  /** What last passed all gates here. */
  readonly lastKnownGood?: Revision;
  /** Most recently current first; by default, what runs. */
  readonly releases?: readonly string[];
  /** By default, a host that runs nothing. */
  readonly drained?: boolean;
}

export const LAUNCH = "launch-1";

/** The policy of a roll, overridden in parts. */
export interface PolicyChange extends Partial<Omit<RollPolicy, "health" | "timing">> {
  readonly health?: Partial<RollPolicy["health"]>;
  readonly timing?: Partial<RollPolicy["timing"]>;
}

/** Hosts whose applications are real HTTP servers, behind an obedient proxy, with a journal of everything. */
export class FakeFleet {
  readonly hosts: readonly FakeHost[];
  readonly proxy: FakeProxy;
  readonly leases: FileLeaseStore;
  /** What was done to hosts and proxy, in order: `drain app-1`, `stop app-1`, … */
  readonly journal: string[] = [];
  readonly reports: Report[] = [];
  readonly #actions = new Map<string, () => unknown>();

  private constructor(names: readonly string[], ports: readonly number[], leaseDirectory: string) {
    this.hosts = names.map((name, index) => new FakeHost(name, ports[index] ?? 0, this));
    this.proxy = new FakeProxy(this);
    this.leases = new FileLeaseStore(leaseDirectory);
  }

  static async create(before: Readonly<Record<string, Before>>): Promise<FakeFleet> {
    const names = Object.keys(before);
    const ports = await Promise.all(names.map(() => freePort()));
    const fleet = new FakeFleet(names, ports, `${await temporaryDirectory()}/lease`);
    onTestFinished(async () => {
      for (const host of fleet.hosts) await host.end();
    });
    for (const host of fleet.hosts) await host.begin(before[host.name] ?? {});
    return fleet;
  }

  host(name: string): FakeHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  /** Runs an action on an event: an entry of the journal, or `count app-1`. */
  when(event: string, action: () => unknown): void {
    this.#actions.set(event, action);
  }

  async record(entry: string): Promise<void> {
    this.journal.push(entry);
    await this.happened(entry);
  }

  async happened(event: string): Promise<void> {
    const action = this.#actions.get(event);
    this.#actions.delete(event);
    await action?.();
  }

  /** What each host runs, and whether it takes traffic. */
  get state(): Record<string, string> {
    return Object.fromEntries(
      this.hosts.map(({ name, running }) => [
        name,
        `${running?.release ?? "nothing"}${this.proxy.without.has(name) ? ", drained" : ""}`,
      ]),
    );
  }

  /** The messages about a host in a phase. */
  messages(phase: Report["phase"], host?: string): string[] {
    return this.reports
      .filter((report) => report.phase === phase && report.host === host)
      .map(({ message }) => message);
  }

  async roll(
    release: string,
    {
      policy = {},
      signal = new AbortController().signal,
      jar = { path: `/srv/${release}.jar`, version: release, sha256: "" },
    }: { policy?: PolicyChange; signal?: AbortSignal; jar?: DesiredRelease["jar"] } = {},
  ): Promise<RollResult> {
    const leaseTiming: LeaseTiming = {
      heartbeatMilliseconds: 20,
      expiryMilliseconds: 2000,
      waitMilliseconds: 0,
    };
    return roll(this, { release, jar }, this.#policy(policy), {
      owner: "test",
      reporter: (report) => this.reports.push(report),
      signal,
      leaseTiming,
    });
  }

  #policy({ health, timing, ...rest }: PolicyChange): RollPolicy {
    return {
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 10,
        timeoutMilliseconds: 5000,
        deadlineSeconds: 20,
        ...health,
      },
      timing: {
        settleSeconds: 10,
        graceSeconds: 10,
        soakSeconds: 0,
        rollDeadlineSeconds: 60,
        leaseWaitSeconds: 0,
        slowestRequestSeconds: 0,
        shutdownPhaseSeconds: 0,
        ...timing,
      },
      order: "auto",
      batch: [1],
      minimumHealthy: this.hosts.length - 1,
      keepReleases: 3,
      onFailure: "rollback",
      ...rest,
    };
  }
}

/** An app host whose application is an HTTP server in this process. */
export class FakeHost implements AppHost {
  readonly name: string;
  readonly address = "127.0.0.1";
  readonly port: number;
  readonly logPlace: string;
  launch = LAUNCH;
  /** The launch options by fingerprint. */
  readonly launches: Record<string, LaunchSpec> = {};
  /** By release, or by release and launch (`1.1.0 launch-2`); all others are up. */
  readonly conduct: Record<string, Conduct> = {};
  running: RunningApp | undefined;
  lastKnownGood: Revision | undefined;
  /** Ignores SIGTERM. */
  ignoresSigterm = false;
  /** What answers on the port instead of the application, by release. */
  readonly intruders: Record<string, PortOwner> = {};
  /** Where its application listens instead of its port. */
  elsewhere: readonly string[] = [];
  /** Errors to throw, by method. */
  readonly errors: Partial<Record<"preflight" | "stage" | "start" | "logTail", Error>> = {};
  /** What the application writes when it starts, after its first line. */
  writes: readonly string[] = [];
  /** The paths of its warm-ups. */
  readonly visited: string[] = [];
  /** The error that every method throws because its machine is gone. */
  gone: RollgateError | undefined;
  readonly #fleet: FakeFleet;
  #current: string | undefined;
  #releases: string[] = [];
  #log: string[] = [];
  #server: Server | undefined;
  #pid = 1000;

  constructor(name: string, port: number, fleet: FakeFleet) {
    this.name = name;
    this.logPlace = `/srv/${name}/app.log`;
    this.port = port;
    this.#fleet = fleet;
  }

  async begin({
    runs,
    launch = LAUNCH,
    current = runs,
    lastKnownGood,
    releases,
    drained,
  }: Before): Promise<void> {
    this.#current = current;
    this.lastKnownGood = lastKnownGood;
    this.#releases = [...(releases ?? (current === undefined ? [] : [current]))];
    if (runs !== undefined) await this.#run(runs, launch);
    if (drained ?? runs === undefined) this.#fleet.proxy.without.add(this.name);
  }

  async end(): Promise<void> {
    this.running = undefined;
    if (this.#server) await close(this.#server);
  }

  /** Its machine dies, with the application. */
  async vanish(): Promise<void> {
    await this.end();
    this.gone = new RollgateError("machine-unreachable", `server of ${this.name} cannot be reached`);
  }

  async preflight(): Promise<void> {
    if (this.errors.preflight) throw this.errors.preflight;
  }

  async observe(): Promise<HostState> {
    this.#requireReachable();
    return {
      ...(this.running && { running: this.running }),
      ...(this.#current !== undefined && { current: this.#current }),
      ...(this.lastKnownGood && { lastKnownGood: this.lastKnownGood }),
      releases: [...this.#releases],
    };
  }

  async runningApp(): Promise<RunningApp | undefined> {
    this.#requireReachable();
    return this.running;
  }

  async stage(id: string): Promise<void> {
    if (this.errors.stage) throw this.errors.stage;
    if (!this.#releases.includes(id)) this.#releases.push(id);
    await this.#fleet.record(`stage ${this.name}`);
  }

  async stop(): Promise<{ killed: boolean }> {
    this.#requireReachable();
    await this.end();
    await this.#fleet.record(`stop ${this.name}`);
    return { killed: this.ignoresSigterm };
  }

  async switchTo(id: string): Promise<void> {
    this.#requireReachable();
    if (!this.#releases.includes(id)) throw new RollgateError("gone", `${this.name} does not keep ${id}`);
    this.#current = id;
    await this.#fleet.record(`switch ${this.name} to ${id}`);
  }

  async start(launch: string): Promise<void> {
    this.#requireReachable();
    if (this.errors.start) throw this.errors.start;
    if (this.#current === undefined) throw new Error(`${this.name} has no current release`);
    await this.#run(this.#current, launch);
    await this.#fleet.record(`start ${this.name}`);
  }

  async retire(): Promise<void> {}

  async keepRunning(): Promise<void> {}

  async memory(): Promise<undefined> {}

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    return this.launches[launch];
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const health = new MachineHealth(new LocalMachine(), this, 0);
    return health.ask("/actuator/health", 5000, signal).finally(() => health.close());
  }

  async visit(path: string, signal: AbortSignal): Promise<number> {
    this.visited.push(path);
    const health = new MachineHealth(new LocalMachine(), this, 0);
    return health.visit(path, signal).finally(() => health.close());
  }

  async markLastKnownGood(target: Revision): Promise<void> {
    this.lastKnownGood = target;
  }

  async portOwner(): Promise<PortOwner> {
    if (this.running === undefined) return { kind: "nobody" };
    const { release } = this.running;
    return this.intruders[release] ?? { kind: "application", release };
  }

  async listening(): Promise<readonly string[]> {
    return this.elsewhere;
  }

  async logTail(lines: number): Promise<string[]> {
    if (this.errors.logTail) throw this.errors.logTail;
    return this.#log.slice(-lines);
  }

  async prune(keep: number, spared: readonly Revision[]): Promise<void> {
    const named = [this.running, this.lastKnownGood, ...spared].map((target) => target?.release);
    const never = new Set([this.#current, ...named].filter((id) => id !== undefined));
    const kept = [...never, ...this.#releases.toReversed()].slice(0, Math.max(keep, never.size));
    this.#releases = this.#releases.filter((id) => kept.includes(id));
    await this.#fleet.record(`prune ${this.name}`);
  }

  /** What a release on this host does from now on. */
  conductOf({ release, launch }: RunningApp): Conduct {
    return this.conduct[`${release} ${launch}`] ?? this.conduct[release] ?? "up";
  }

  #requireReachable(): void {
    if (this.gone) throw this.gone;
  }

  async #run(release: string, launch: string): Promise<void> {
    const running = { pid: this.#pid++, release, launch };
    this.#log = [`${release} starts`, ...this.writes];
    if (this.conductOf(running) === "ends") {
      this.#log.push(`${release} cannot start`);
      return;
    }
    this.#server = createServer((_, answer) => {
      const conduct = this.conductOf(running);
      answer.statusCode = conduct === "down" ? 503 : 200;
      answer.end(JSON.stringify({ status: conduct === "up" ? "UP" : "DOWN" }));
    }).listen(this.port, this.address);
    await once(this.#server, "listening");
    this.running = running;
  }
}

/** A proxy that asks hosts as stock nginx does; the test sets its connections. */
export class FakeProxy implements ReverseProxy {
  readonly url = "http://proxy";
  /** The drained hosts. */
  readonly without = new Set<string>();
  /** Open connections, by host. */
  readonly left: Record<string, number> = {};
  /** Its view of a host instead of asking it, by release. */
  readonly views: Record<string, UpstreamState> = {};
  /** The error to throw on every call. */
  error: Error | undefined;
  readonly #fleet: FakeFleet;

  constructor(fleet: FakeFleet) {
    this.#fleet = fleet;
  }

  async preflight(): Promise<void> {
    if (this.error) throw this.error;
  }

  async drained(): Promise<ReadonlySet<string>> {
    if (this.error) throw this.error;
    return new Set(this.without);
  }

  async drain({ name }: AppHost): Promise<void> {
    this.without.add(name);
    await this.#fleet.record(`drain ${name}`);
  }

  async admit({ name }: AppHost): Promise<void> {
    this.without.delete(name);
    await this.#fleet.record(`admit ${name}`);
  }

  async connections({ name }: AppHost): Promise<number> {
    await this.#fleet.happened(`count ${name}`);
    return this.left[name] ?? 0;
  }

  async upstream(host: AppHost, signal: AbortSignal): Promise<UpstreamState> {
    const { running } = this.#fleet.host(host.name);
    return (running && this.views[running.release]) ?? host.probe(signal);
  }
}

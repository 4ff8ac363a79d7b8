import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Command, Ended, Output } from "#rollout/hooks/command.ts";
import type {
  AppHost,
  DiskRoom,
  HostState,
  MemoryRoom,
  PortOwner,
  Revision,
  RunningApp,
  Slot,
} from "#rollout/host/appHost.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import { portTaken } from "#rollout/host/hostProblems.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import type { HealthReport } from "#rollout/host/probe.ts";
import { SECOND } from "#rollout/host/slots.ts";
import type { LeaseTiming } from "#rollout/lease/lease.ts";
import type { RequestCounter } from "#rollout/ledger/requestCounter.ts";
import type { Drains, ReverseProxy, RollOfProxy, UpstreamState } from "#rollout/nginx/reverseProxy.ts";
import type { Report } from "#rollout/roll/reporter.ts";
import { type RollOptions, type RollResult, roll } from "#rollout/roll/roll.ts";
import type { FirstLook, RollPolicy } from "#rollout/roll/rollContext.ts";
import type { DesiredRelease } from "#rollout/roll/targets.ts";
import type { StatusFile } from "#rollout/status/statusFile.ts";
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
  /** What its second slot runs, or `nothing`; without it, the host has only one slot. */
  readonly beside?: string;
  /** By default, it is. */
  readonly besideDrained?: boolean;
  readonly zone?: string;
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

  private constructor(
    before: Readonly<Record<string, Before>>,
    ports: readonly (readonly [number, number])[],
    leaseDirectory: string,
  ) {
    this.hosts = Object.entries(before).map(([name, host], index) => {
      const [port, other] = ports[index] ?? [0, 0];
      return new FakeHost(name, port, this, host, other);
    });
    this.proxy = new FakeProxy(this);
    this.leases = new FileLeaseStore(leaseDirectory);
  }

  static async create(before: Readonly<Record<string, Before>>): Promise<FakeFleet> {
    const names = Object.keys(before);
    const ports = await Promise.all(names.map(async () => [await freePort(), await freePort()] as const));
    const fleet = new FakeFleet(before, ports, `${await temporaryDirectory()}/lease`);
    onTestFinished(async () => {
      for (const host of fleet.hosts) {
        await host.end();
        await host.second?.end();
      }
    });
    for (const host of fleet.hosts) await host.begin(before[host.name] ?? {});
    return fleet;
  }

  host(name: string): FakeHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  slot(name: string): FakeSlot {
    const host = this.host(name.replace(SECOND, ""));
    return (name.endsWith(SECOND) && host.second) || host;
  }

  /** Runs an action on an event: an entry of the journal, `count app-1` or `visit app-1`. */
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
      this.hosts
        .flatMap((host) => [host, ...(host.second ? [host.second] : [])])
        .map(({ name, running }) => [
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
      canary,
      proxy = this.proxy,
      onFirstLook,
      onCounted,
      heartbeatMilliseconds = 20,
    }: {
      policy?: PolicyChange;
      signal?: AbortSignal;
      jar?: DesiredRelease["jar"];
      canary?: DesiredRelease["canary"];
      proxy?: ReverseProxy;
      onFirstLook?: FirstLook;
      onCounted?: RollOptions["onCounted"];
      heartbeatMilliseconds?: number;
    } = {},
  ): Promise<RollResult> {
    const leaseTiming: LeaseTiming = {
      heartbeatMilliseconds,
      expiryMilliseconds: 2000,
      waitMilliseconds: 0,
    };
    return roll({ ...this, proxy }, { release, jar, ...(canary && { canary }) }, this.policy(policy), {
      owner: "test",
      reporter: (report) => this.reports.push(report),
      signal,
      leaseTiming,
      ...(onFirstLook && { onFirstLook }),
      ...(onCounted && { onCounted }),
    });
  }

  policy({ health, timing, ...rest }: PolicyChange): RollPolicy {
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

/** A slot whose application is an HTTP server in this process. */
export class FakeSlot implements Slot {
  readonly name: string;
  readonly address = "127.0.0.1";
  readonly port: number;
  readonly logPlace: string;
  running: RunningApp | undefined;
  /** What answers on the port instead of the application, by release. */
  readonly intruders: Record<string, PortOwner> = {};
  /** Where its application listens instead of its port. */
  elsewhere: readonly string[] = [];
  /** The paths of its warm-ups. */
  readonly visited: string[] = [];
  /** Its answer to them instead of its own. */
  visitStatus: number | undefined;
  room: MemoryRoom | undefined = { availableBytes: 2 ** 31, neededBytes: 2 ** 28 };
  protected readonly fleet: FakeFleet;
  readonly #host: () => FakeHost;
  #log: string[] = [];
  #server: Server | undefined;
  #pid = 1000;

  constructor(name: string, port: number, fleet: FakeFleet, host: () => FakeHost) {
    this.name = name;
    this.logPlace = `/srv/${name}/app.log`;
    this.port = port;
    this.fleet = fleet;
    this.#host = host;
  }

  async end(): Promise<void> {
    this.running = undefined;
    if (this.#server) await close(this.#server);
  }

  async runningApp(): Promise<RunningApp | undefined> {
    this.#host().requireReachable();
    return this.running;
  }

  async stop(): Promise<{ killed: boolean }> {
    this.#host().requireReachable();
    await this.end();
    await this.fleet.record(`stop ${this.name}`);
    return { killed: this.#host().ignoresSigterm };
  }

  async stopForGood(): Promise<{ killed: boolean }> {
    const stopped = await this.stop();
    await this.fleet.record(`retire ${this.name}`);
    return stopped;
  }

  async prepare(): Promise<void> {
    await this.fleet.happened(`prepare ${this.name}`);
    const owner = await this.portOwner();
    if (owner.kind === "other") throw portTaken(this, owner.name, owner.port);
  }

  async start(launch: string, assertHeld?: () => Promise<void>): Promise<void> {
    await assertHeld?.();
    const host = this.#host();
    host.requireReachable();
    if (host.errors.start) throw host.errors.start;
    if (host.current === undefined) throw new Error(`${this.name} has no current release`);
    await this.run(host.current, launch);
    await this.fleet.record(`start ${this.name}`);
  }

  async keepRunning(): Promise<void> {}

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const health = new MachineHealth(new LocalMachine(), this, 0);
    return health.ask("/actuator/health", 5000, signal).finally(() => health.close());
  }

  async visit(path: string, signal: AbortSignal): Promise<number> {
    this.visited.push(path);
    await this.fleet.happened(`visit ${this.name}`);
    if (this.visitStatus !== undefined) return this.visitStatus;
    const health = new MachineHealth(new LocalMachine(), this, 0);
    return health.visit(path, signal).finally(() => health.close());
  }

  async portOwner(): Promise<PortOwner> {
    if (this.running === undefined) return this.intruders.nothing ?? { kind: "nobody" };
    const { release } = this.running;
    return this.intruders[release] ?? { kind: "application", release };
  }

  async listening(): Promise<readonly string[]> {
    return this.elsewhere;
  }

  async logTail(lines: number): Promise<string[]> {
    const { logTail } = this.#host().errors;
    if (logTail) throw logTail;
    return this.#log.slice(-lines);
  }

  async memory(): Promise<MemoryRoom | undefined> {
    return this.running && this.room;
  }

  async run(release: string, launch: string): Promise<void> {
    const host = this.#host();
    const running = { pid: this.#pid++, release, launch };
    this.#log = [`${release} starts`, ...host.writes];
    if (host.conductOf(running) === "ends") {
      this.#log.push(`${release} cannot start`);
      return;
    }
    this.#server = createServer((_, answer) => {
      const conduct = host.conductOf(running);
      answer.statusCode = conduct === "down" ? 503 : 200;
      answer.end(JSON.stringify({ status: conduct === "up" ? "UP" : "DOWN" }));
    }).listen(this.port, this.address);
    await once(this.#server, "listening");
    this.running = running;
  }
}

/** An app host that lives in this process. */
export class FakeHost extends FakeSlot implements AppHost {
  readonly second?: FakeSlot;
  readonly zone?: string;
  machine: unknown;
  launch = LAUNCH;
  startupCache?: NonNullable<AppHost["startupCache"]>;
  lastSeen?: NonNullable<AppHost["lastSeen"]>;
  /** The launch options by fingerprint. */
  readonly launches: Record<string, LaunchSpec> = {};
  /** By release, or by release and launch (`1.1.0 launch-2`); all others are up. */
  readonly conduct: Record<string, Conduct> = {};
  lastKnownGood: Revision | undefined;
  /** Ignores SIGTERM. */
  ignoresSigterm = false;
  /** Errors to throw, by method. */
  readonly errors: Partial<Record<"preflight" | "stage" | "start" | "logTail", Error>> = {};
  /** How commands on its machine end. */
  tasksEnd: Ended = 0;
  /** What the application writes when it starts, after its first line. */
  writes: readonly string[] = [];
  /** The error that every method throws because its machine is gone. */
  gone: RollgateError | undefined;
  current: string | undefined;
  /** The room for a release that is to be staged, if that can be told. */
  disk: DiskRoom | undefined;
  #releases: string[] = [];

  constructor(name: string, port: number, fleet: FakeFleet, { beside, zone }: Before, secondPort: number) {
    super(name, port, fleet, () => this);
    if (zone !== undefined) this.zone = zone;
    if (beside !== undefined) this.second = new FakeSlot(`${name}${SECOND}`, secondPort, fleet, () => this);
  }

  async begin({
    runs,
    launch = LAUNCH,
    current = runs,
    lastKnownGood,
    releases,
    drained,
    beside,
    besideDrained = true,
  }: Before): Promise<void> {
    this.current = current;
    this.lastKnownGood = lastKnownGood;
    this.#releases = [...(releases ?? (current === undefined ? [] : [current]))];
    if (runs !== undefined) await this.run(runs, launch);
    if (drained ?? runs === undefined) this.fleet.proxy.without.add(this.name);
    if (beside === undefined) return;
    if (beside !== "nothing") {
      if (!this.#releases.includes(beside)) this.#releases.push(beside);
      await this.second?.run(beside, launch);
    }
    if (besideDrained) this.fleet.proxy.without.add(`${this.name}${SECOND}`);
  }

  /** Its machine dies, with the applications. */
  async vanish(): Promise<void> {
    await this.end();
    await this.second?.end();
    this.gone = new RollgateError("machine-unreachable", `server of ${this.name} cannot be reached`);
  }

  async preflight(): Promise<void> {
    if (this.errors.preflight) throw this.errors.preflight;
  }

  async observe(staging?: string): Promise<HostState> {
    this.requireReachable();
    return {
      ...(staging !== undefined && this.disk && { room: this.disk }),
      ...(this.running && { running: this.running }),
      ...(this.second?.running && { second: this.second.running }),
      ...(this.current !== undefined && { current: this.current }),
      ...(this.lastKnownGood && { lastKnownGood: this.lastKnownGood }),
      releases: [...this.#releases],
    };
  }

  async stage(id: string): Promise<void> {
    if (this.errors.stage) throw this.errors.stage;
    if (!this.#releases.includes(id)) this.#releases.push(id);
    await this.fleet.record(`stage ${this.name}`);
  }

  async switchTo(id: string): Promise<void> {
    this.requireReachable();
    if (!this.#releases.includes(id)) throw new RollgateError("gone", `${this.name} does not keep ${id}`);
    this.current = id;
    await this.fleet.record(`switch ${this.name} to ${id}`);
  }

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    return this.launches[launch];
  }

  async runTask(_release: string, { words }: Command, output: Output): Promise<Ended> {
    await this.fleet.record(`run ${words.at(-1)} on ${this.name}`);
    output(`${words.at(-1)} runs\n`);
    return this.tasksEnd;
  }

  async markLastKnownGood(target: Revision): Promise<void> {
    this.lastKnownGood = target;
  }

  async prune(keep: number, spared: readonly Revision[], _known?: HostState): Promise<void> {
    const named = [this.running, this.second?.running, this.lastKnownGood, ...spared].map(
      (target) => target?.release,
    );
    const never = new Set([this.current, ...named].filter((id) => id !== undefined));
    const kept = [...never, ...this.#releases.toReversed()].slice(0, Math.max(keep, never.size));
    this.#releases = this.#releases.filter((id) => kept.includes(id));
    await this.fleet.record(`prune ${this.name}`);
  }

  /** What a release on this host does from now on. */
  conductOf({ release, launch }: RunningApp): Conduct {
    return this.conduct[`${release} ${launch}`] ?? this.conduct[release] ?? "up";
  }

  requireReachable(): void {
    if (this.gone) throw this.gone;
  }
}

/** A proxy that asks hosts as stock nginx does; the test sets its connections. */
export class FakeProxy implements ReverseProxy {
  readonly url = "http://proxy";
  readonly name = "nginx at http://proxy";
  /** None unless a test has one. */
  counters: readonly RequestCounter[] = [];
  statusFiles: readonly StatusFile[] = [];
  /** The drained hosts. */
  readonly without = new Set<string>();
  /** The slots that only some nginx drain, with the URLs of those. */
  readonly partly = new Map<string, readonly string[]>();
  /** What is told at the end about nginx that were lost. */
  missing: readonly string[] = [];
  /** The roll that goes on. */
  roll: RollOfProxy | undefined;
  /** Whether drained applications may answer for dead ones. */
  standsBy = false;
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

  begin(roll: RollOfProxy): void {
    this.roll = roll;
  }

  async end(): Promise<readonly string[]> {
    this.roll = undefined;
    return this.missing;
  }

  async drained(): Promise<Drains> {
    if (this.error) throw this.error;
    return { everywhere: new Set(this.without), partly: this.partly };
  }

  async drain(slot: Slot): Promise<void> {
    const { name } = slot;
    this.roll?.drains?.(slot);
    this.without.add(name);
    this.partly.delete(name);
    await this.#fleet.record(`drain ${name}`);
  }

  async admit(slot: Slot, release?: string): Promise<void> {
    const { name } = slot;
    this.roll?.admits?.(slot, release);
    this.without.delete(name);
    this.partly.delete(name);
    await this.#fleet.record(`admit ${name}`);
  }

  async standBy(isOn: boolean): Promise<void> {
    this.standsBy = isOn;
  }

  async connections({ name }: Slot): Promise<number> {
    await this.#fleet.happened(`count ${name}`);
    return this.left[name] ?? 0;
  }

  async upstream(slot: Slot, signal: AbortSignal): Promise<UpstreamState> {
    const { running } = this.#fleet.slot(slot.name);
    return (running && this.views[running.release]) ?? slot.probe(signal);
  }
}

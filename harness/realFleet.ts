import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenFleet } from "#kinds/kind.ts";
import { machineKind } from "#kinds/kinds.ts";
import * as nginx from "#provider/nginx.ts";
import { openFleet } from "#provider/openOrchestrator.ts";
import { RollFailed } from "#rollout/common/errors.ts";
import type { HostState, RunningApp } from "#rollout/host/appHost.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { FleetMember } from "#rollout/roll/fleet.ts";
import { observe } from "#rollout/roll/observe.ts";
import { formatReport, type Phase } from "#rollout/roll/reporter.ts";
import { type RollResult, roll } from "#rollout/roll/roll.ts";
import { RollerProcess, type RollOutcome } from "./rollerProcess.ts";
import { serving } from "./serving.ts";
import { Traffic, type TrafficReport } from "./traffic.ts";

const AFTERMATH_MILLISECONDS = 500;

/** What a test can set for a roll; everything else has quick and robust defaults. */
export interface RollSettings
  extends Partial<
    Pick<
      RollRequest,
      | "environment"
      | "order"
      | "batch"
      | "minimumHealthy"
      | "keepReleases"
      | "onFailure"
      | "warmUp"
      | "hooks"
      | "canary"
      | "analysis"
      | "analysisChecks"
      | "probeTraffic"
      | "startupCache"
    >
  > {
  readonly jar?: string;
  /** Replaces the version in the jar. */
  readonly version?: string;
  /** Rolls to a kept release by name, instead of to a jar. */
  readonly release?: string;
  readonly launch?: Partial<RollRequest["launch"]>;
  /** Replaces parts of the container that each host runs in. */
  readonly container?: Partial<RollRequest["launch"]["container"]>;
  readonly health?: Partial<RollRequest["health"]>;
  readonly timing?: Partial<RollRequest["timing"]>;
}

/** What happened under load, with the clock that `LostRequest` uses. */
export interface UnderLoad<T> {
  readonly result: T;
  readonly seen: TrafficReport;
}

/** What a roll in this process printed, and what it failed with. */
export interface RollHere {
  readonly lines: readonly string[];
  readonly failure: string | undefined;
  readonly result: RollResult | undefined;
  /** What the application wrote about it. */
  readonly evidence: readonly string[];
  readonly seconds: number;
}

/** What differs between the fleets of different kinds. */
export interface FleetDefaults {
  readonly launch: RollRequest["launch"];
  readonly health?: Partial<RollRequest["health"]>;
  readonly timing?: Partial<RollRequest["timing"]>;
  /** Settings of the nginx resource. */
  readonly serving?: object;
  readonly requestsPerSecond?: number;
  /** Stop-first unless given. */
  readonly order?: RollRequest["order"];
}

/** JVM options that make a small application start quickly. */
export const QUICK_START = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m"];

/** Hosts behind an nginx, with the real parts of one kind. */
export class RealFleet<Host extends HostPlace, Proxy extends ProxyPlace> {
  readonly hosts: Host[];
  readonly proxy: Proxy;
  /** Further nginx in front of the same hosts. */
  readonly others: Proxy[] = [];
  /** A folder on this machine for what a test writes. */
  readonly directory: string;
  readonly #defaults: FleetDefaults;
  #trafficBegan = 0;
  #rolls = 0;

  constructor(directory: string, hosts: readonly Host[], proxy: Proxy, defaults: FleetDefaults) {
    this.directory = directory;
    this.hosts = [...hosts];
    this.proxy = proxy;
    this.#defaults = defaults;
  }

  get launch(): RollRequest["launch"] {
    return this.#defaults.launch;
  }

  get url(): string {
    return `http://${this.proxy.address}:${this.proxy.port}`;
  }

  /** The hosts as nginx's settings name them. */
  get members() {
    return this.hosts.map(({ name, address, port, second }) => ({
      name,
      address,
      port,
      ...(second && { second }),
    }));
  }

  host(name: string): Host {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (!host) throw new Error(`there is no ${name}`);
    return host;
  }

  /** The nginx resource's inputs after its check; `olds` is its recorded state. */
  async checkNginx(settings: object = {}, olds: object = {}): Promise<Record<string, unknown>> {
    const { inputs, failures } = await nginx.check({
      olds: { ...olds },
      news: {
        ...this.proxy,
        ...serving,
        flavour: "stock",
        hosts: this.members,
        slowestRequestSeconds: 1,
        check: { ...serving.check, intervalMilliseconds: 500, timeoutMilliseconds: 2000 },
        ...this.#defaults.serving,
        ...settings,
      },
    });
    if (!inputs) throw new Error(JSON.stringify(failures));
    return inputs;
  }

  /** Does what the nginx resource does. */
  async serveNginx(settings: object = {}): Promise<void> {
    await this.serveChecked(await this.checkNginx(settings));
  }

  /** Puts another nginx in front of the hosts. */
  async serveOther(other: Proxy): Promise<void> {
    if (!this.others.includes(other)) this.others.push(other);
    await this.serveNginx({ ...other, peers: [this.proxy, ...this.others] });
  }

  async serveChecked(inputs: Record<string, unknown>): Promise<void> {
    await nginx.create(inputs);
  }

  /** Starts a deployer in its own process; `engine` is the address it watches. */
  async startRoll(settings: RollSettings, engine?: string): Promise<RollerProcess> {
    const file = join(this.directory, `roll-${++this.#rolls}.json`);
    const { jar, version, release, ...rest } = settings;
    const desired = release === undefined ? { jar: { path: jar, version } } : { release };
    await writeFile(file, JSON.stringify({ ...this.request(rest), ...desired }), { mode: 0o600 });
    return new RollerProcess(file, engine);
  }

  async roll(settings: RollSettings): Promise<RollOutcome> {
    return (await this.startRoll(settings)).done;
  }

  /** Rolls in this process; `onPhase` is called for each phase. */
  async rollHere(
    jar: Jar,
    onPhase: (phase: Phase, host?: string) => void = () => {},
    settings: Omit<RollSettings, "jar" | "version" | "release"> = {},
  ): Promise<RollHere> {
    const began = performance.now();
    const lines: string[] = [];
    const request = this.request(settings);
    const fleet = await openFleet(request, machineKind(this.proxy.kind));
    const done = (failure?: string, evidence: readonly string[] = [], result?: RollResult) => ({
      lines,
      result,
      failure,
      evidence,
      seconds: (performance.now() - began) / 1000,
    });
    try {
      const result = await roll(fleet, { release: releaseId(jar), jar }, request, {
        owner: "a test",
        reporter: (report) => {
          lines.push(formatReport(report));
          onPhase(report.phase, report.host);
        },
        signal: new AbortController().signal,
        leaseTiming: { heartbeatMilliseconds: 500, expiryMilliseconds: 8_000, waitMilliseconds: 0 },
      });
      return done(undefined, [], result);
    } catch (error) {
      const evidence = error instanceof RollFailed ? error.evidence : [];
      return done(error instanceof Error ? error.message : String(error), evidence);
    } finally {
      await fleet.close();
    }
  }

  /** Runs `work` while clients send requests, and a moment longer: at least `requests` of them. */
  async underLoad<T>(
    work: () => Promise<T>,
    requests = 0,
    requestsPerSecond = this.#defaults.requestsPerSecond ?? 200,
  ): Promise<UnderLoad<T>> {
    this.#trafficBegan = performance.now();
    const traffic = new Traffic(this.url, requestsPerSecond);
    try {
      const result = await work();
      while (traffic.sent < requests) await sleep(100);
      await sleep(AFTERMATH_MILLISECONDS);
      return { result, seen: await traffic.stop() };
    } finally {
      await traffic.stop();
    }
  }

  /** The time on the clock of `LostRequest.atSeconds`. */
  get loadSeconds(): number {
    return (performance.now() - this.#trafficBegan) / 1000;
  }

  /** The state of a host; it runs what its serving slot runs. */
  async observe(name: string): Promise<HostState> {
    return (await this.member(name)).state;
  }

  /** A host as a roll sees it. */
  async member(name: string): Promise<FleetMember> {
    return this.open(async ({ hosts, proxy }) => {
      const host = hosts.find((candidate) => candidate.name === name);
      if (!host) throw new Error(`there is no ${name}`);
      return observe(host, proxy, AbortSignal.timeout(10_000));
    });
  }

  /** What a host runs, in either slot. */
  async running(name: string): Promise<RunningApp | undefined> {
    const { running, second } = await this.observe(name);
    return running ?? second;
  }

  /** The release that each host runs, and what runs beside it. */
  async releases(): Promise<Record<string, string>> {
    return this.open(async ({ hosts }) => {
      const running = await Promise.all(
        hosts.map(async (host) => [await host.runningApp(), await host.second?.runningApp()]),
      );
      const releases = (index: number) => running[index]?.flatMap((app) => app?.release ?? []).join(" + ");
      return Object.fromEntries(hosts.map(({ name }, index) => [name, releases(index) || "nothing"]));
    });
  }

  /** Gives access to the fleet's drivers, which rolls use too. */
  protected async open<T>(work: (fleet: OpenFleet) => Promise<T>): Promise<T> {
    const fleet = await openFleet(this.request({}), machineKind(this.proxy.kind));
    try {
      return await work(fleet);
    } finally {
      await fleet.close();
    }
  }

  protected request({
    health,
    timing,
    launch,
    container,
    ...rest
  }: Omit<RollSettings, "jar" | "version" | "release">) {
    const defaults = this.#defaults;
    const spec = defaults.launch.container && { container: { ...defaults.launch.container, ...container } };
    return {
      hosts: this.hosts,
      proxies: [this.proxy, ...this.others] as const,
      launch: { ...defaults.launch, ...spec, ...launch },
      environment: {},
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 100,
        timeoutMilliseconds: 1000,
        deadlineSeconds: 30,
        ...defaults.health,
        ...health,
      },
      timing: {
        settleSeconds: 5,
        graceSeconds: 10,
        soakSeconds: 0,
        rollDeadlineSeconds: 300,
        leaseWaitSeconds: 0,
        slowestRequestSeconds: 1,
        shutdownPhaseSeconds: 1,
        ...defaults.timing,
        ...timing,
      },
      order: defaults.order ?? ("stop-first" as const),
      batch: [1],
      minimumHealthy: this.hosts.length - 1,
      keepReleases: 3,
      onFailure: "rollback" as const,
      ...rest,
    };
  }
}

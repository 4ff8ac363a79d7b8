import { RollgateError } from "#rollout/common/errors.ts";
import type { Ended } from "#rollout/hooks/command.ts";
import type { AppHost, HostState, Revision, RunningApp } from "#rollout/host/appHost.ts";
import type { LeaseRecord, LeaseStore, Renewal } from "#rollout/lease/lease.ts";
import type { Drains, ReverseProxy, UpstreamState } from "#rollout/nginx/reverseProxy.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

const LAUNCH = "simulated";
const UP = { up: true, detail: "200 UP" };

/** A fleet in memory whose applications start at once, to see what a roll itself costs. */
export class SimulatedFleet implements Fleet {
  readonly hosts: readonly SimulatedHost[];
  readonly proxy: SimulatedProxy;
  readonly leases = new SimulatedLeases();

  /** `delayMilliseconds` is how long a host takes to answer a question, and to do something. */
  constructor(size: number, release: string, delayMilliseconds = 0) {
    this.hosts = Array.from(
      { length: size },
      (_, index) => new SimulatedHost(`app-${index + 1}`, release, delayMilliseconds),
    );
    this.proxy = new SimulatedProxy(this);
  }

  /** How often hosts were asked what they run. */
  get looks(): number {
    return this.hosts.reduce((sum, { looks }) => sum + looks, 0);
  }
}

/** A host that does what it is told. */
class SimulatedHost implements AppHost {
  readonly name: string;
  readonly address = "127.0.0.1";
  readonly port = 8080;
  readonly logPlace = "nowhere";
  readonly launch = LAUNCH;
  looks = 0;
  /** Whether it can't be reached any more. */
  isGone = false;
  /** Releases that never get healthy here. */
  readonly bad = new Set<string>();
  readonly #delay: number;
  readonly #releases: string[];
  #running: RunningApp | undefined;
  #current: string;
  #good: Revision;

  constructor(name: string, release: string, delayMilliseconds: number) {
    this.name = name;
    this.#delay = delayMilliseconds;
    this.#releases = [release];
    this.#current = release;
    this.#good = { release, launch: LAUNCH };
    this.#running = { pid: 1, release, launch: LAUNCH };
  }

  get release(): string | undefined {
    return this.#running?.release;
  }

  async preflight(): Promise<void> {
    await this.#pass();
  }

  async observe(): Promise<HostState> {
    this.looks++;
    await this.#pass();
    return {
      ...(this.#running && { running: this.#running }),
      current: this.#current,
      lastKnownGood: this.#good,
      releases: this.#releases,
    };
  }

  async runningApp(): Promise<RunningApp | undefined> {
    await this.#pass();
    return this.#running;
  }

  async stop(): Promise<{ killed: boolean }> {
    await this.#pass();
    this.#running = undefined;
    return { killed: false };
  }

  stopForGood(): Promise<{ killed: boolean }> {
    return this.stop();
  }

  async prepare(): Promise<void> {
    await this.#pass();
  }

  async start(): Promise<void> {
    await this.#pass();
    this.#running = { pid: 1, release: this.#current, launch: LAUNCH };
  }

  async probe() {
    if (!this.isGone) await this.#pass();
    return this.isUp ? UP : { up: false, detail: "503" };
  }

  get isUp(): boolean {
    return this.#running !== undefined && !this.isGone && !this.bad.has(this.#running.release);
  }

  async stage(id: string): Promise<void> {
    await this.#pass();
    if (!this.#releases.includes(id)) this.#releases.push(id);
  }

  async switchTo(id: string): Promise<void> {
    await this.#pass();
    this.#current = id;
  }

  async portOwner() {
    await this.#pass();
    return { kind: "application", release: this.#running?.release ?? "" } as const;
  }

  async markLastKnownGood(revision: Revision): Promise<void> {
    await this.#pass();
    this.#good = revision;
  }

  async visit(): Promise<number> {
    return 200;
  }

  async runTask(): Promise<Ended> {
    return 0;
  }

  async recallLaunch() {
    return undefined;
  }

  async listening() {
    return [];
  }

  async logTail() {
    return [];
  }

  async memory() {
    return undefined;
  }

  async keepRunning() {}
  async prune() {}

  async #pass(): Promise<void> {
    if (this.isGone) throw new RollgateError("machine-unreachable", "simulated");
    if (this.#delay > 0) await new Promise((resolve) => setTimeout(resolve, this.#delay));
  }
}

/** An nginx that sees at once what is. */
class SimulatedProxy implements ReverseProxy {
  readonly url = "http://simulated";
  readonly name = "nginx at http://simulated";
  readonly counters = [];
  readonly statusFiles = [];
  readonly #out = new Set<string>();
  readonly #hosts: ReadonlyMap<string, SimulatedHost>;
  /** Called when a host is drained. */
  onDrain: (host: { readonly name: string }) => void = () => {};
  /** The most hosts that got no requests at the same time. */
  mostOut = 0;

  constructor({ hosts }: Pick<SimulatedFleet, "hosts">) {
    this.#hosts = new Map(hosts.map((host) => [host.name, host]));
  }

  async drained(): Promise<Drains> {
    return { everywhere: this.#out, partly: new Map() };
  }

  async drain({ name }: { readonly name: string }): Promise<void> {
    this.onDrain({ name });
    this.#out.add(name);
    this.mostOut = Math.max(this.mostOut, this.#out.size);
  }

  async admit({ name }: { readonly name: string }): Promise<void> {
    this.#out.delete(name);
  }

  async upstream({ name }: { readonly name: string }): Promise<UpstreamState> {
    return this.#hosts.get(name)?.isUp ? UP : { up: false, detail: "down" };
  }

  async connections(): Promise<number> {
    return 0;
  }

  async end() {
    return [];
  }

  async preflight() {}
  async standBy() {}
  begin() {}
}

/** The lease of a fleet that only this process rolls. */
class SimulatedLeases implements LeaseStore {
  #held: { readonly generation: number; readonly record: LeaseRecord } | undefined;

  async newest() {
    return this.#held;
  }

  async claim(generation: number, record: LeaseRecord): Promise<boolean> {
    this.#held = { generation, record };
    return true;
  }

  async renew(generation: number, record: LeaseRecord): Promise<Renewal> {
    this.#held = { generation, record };
    return { isHeld: true, stopRequested: false };
  }

  async isGone() {
    return false;
  }
}

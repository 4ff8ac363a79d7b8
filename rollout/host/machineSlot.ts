import type { LimitFunction } from "p-limit";
import { messageOf, RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import { poll } from "../common/poll.ts";
import type { HealthPolicy } from "../request/rollRequest.ts";
import type { Begun, MemoryRoom, PortOwner, Revision, RunningApp, Slot } from "./appHost.ts";
import type { HealthEndpoint } from "./healthEndpoint.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostPlace } from "./hostPlace.ts";
import { launchUnknown, noRelease, portTaken } from "./hostProblems.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import type { HealthReport } from "./probe.ts";
import { startInOneTrip } from "./startInOneTrip.ts";
import type { Supervisor } from "./supervisor.ts";

const PORT_RELEASE = { intervalMilliseconds: 50, deadlineMilliseconds: 1_000 };

/** How a host starts its application, and when it counts as healthy. */
export interface HostPolicy extends LaunchSpec {
  readonly health: HealthPolicy;
  /** Limits how many jars are copied at once. */
  readonly uploads: LimitFunction;
  /** Whether releases are started from their unpacked files and recorded classes, where the host has them. */
  readonly startupCache?: boolean;
}

/** What differs between the slots of a host. */
export interface SlotParts {
  readonly place: HostPlace;
  readonly supervisor: Supervisor;
  readonly health: HealthEndpoint;
  /** What may have been left running in a second slot that the host no longer has; it counts as the first one's. */
  readonly former?: Pick<Supervisor, "running" | "stop" | "stopForGood">;
}

/** A start for which all that it needs is written. */
interface Prepared {
  readonly revision: Revision;
  readonly spec: LaunchSpec;
}

/** A slot of a host of any kind: a supervisor that runs the application, and its health endpoint. */
export class MachineSlot implements Slot {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly logPlace: string;
  protected readonly supervisor: Supervisor;
  protected readonly health: HealthEndpoint;
  protected readonly files: HostFiles;
  protected readonly policy: HostPolicy;
  readonly #former: SlotParts["former"];
  readonly #ownLaunch: string;
  readonly #ports: readonly number[];
  #prepared: Prepared | undefined;

  /** `ownLaunch` is the fingerprint of the host's own options. */
  constructor(
    { place, supervisor, health, former }: SlotParts,
    files: HostFiles,
    policy: HostPolicy,
    ownLaunch: string,
  ) {
    this.name = place.name;
    this.address = place.address;
    this.port = place.port;
    this.logPlace = supervisor.logPlace;
    this.supervisor = supervisor;
    this.health = health;
    this.files = files;
    this.policy = policy;
    this.#former = former;
    this.#ports = [place.port, place.healthPort ?? place.port];
    this.#ownLaunch = ownLaunch;
  }

  async preflightSlot(signal: AbortSignal): Promise<void> {
    await inOrder(
      this.explain("is not ready", () => this.supervisor.preflight(this.policy.launch)),
      // Checked now, while the old release is still running.
      this.explain("is not ready", () => this.health.preflight(signal)),
    );
  }

  async runningApp(): Promise<RunningApp | undefined> {
    return this.explain(
      "cannot tell what it runs",
      async () => (await this.supervisor.running()) ?? this.#former?.running(),
    );
  }

  stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(graceSeconds, () => this.supervisor.stop(graceSeconds));
  }

  stopForGood(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(graceSeconds, () => this.supervisor.stopForGood(graceSeconds));
  }

  async #stop(graceSeconds: number, stop: () => Promise<{ killed: boolean }>): Promise<{ killed: boolean }> {
    return this.explain("cannot be stopped", async () => {
      const [stopped] = await inOrder(stop(), this.#stopFormer(graceSeconds));
      return stopped;
    });
  }

  async #stopFormer(graceSeconds: number): Promise<void> {
    if (await this.#former?.running()) await this.#former?.stopForGood(graceSeconds);
  }

  async prepare(revision: Revision): Promise<void> {
    const [owner, prepared] = await inOrder(this.#lastingPortOwner(), this.#write(revision));
    this.#requireFree(owner);
    this.#prepared = prepared;
  }

  async start(launch: string, assertHeld?: () => Promise<void>): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    const isReady = prepared?.revision.launch === launch;
    const { revision, spec } = isReady ? prepared : await this.#prepareCurrent(launch, assertHeld);
    await assertHeld?.();
    const starting = this.explain(`cannot start ${revision.release}`, () =>
      this.supervisor.start(revision, spec),
    );
    this.health.listensSoon?.(starting);
    await starting;
  }

  async startInOneTrip(revision: Revision): Promise<Begun | undefined> {
    const { release, launch } = revision;
    const turn = this.supervisor.turnToStart?.(revision);
    if (!turn) return undefined;
    const spec = await this.explain(`cannot start ${release}`, () => this.recallLaunch(launch));
    if (!spec) throw launchUnknown(this);
    const { files, policy, supervisor } = this;
    const running = () => this.runningApp();
    const begun = await this.explain(`cannot start ${release}`, async () => {
      const written = await supervisor.prepare(revision, spec, policy.startupCache);
      const parts = { files, spec, written, turn, ports: this.#ports, running };
      const starting = startInOneTrip(revision, parts);
      this.health.listensSoon?.(starting);
      return starting;
    });
    if (begun?.failure === undefined) return begun;
    const what = `cannot ${begun.isSwitch ? "switch to" : "start"} ${release}`;
    const failure = await this.explain(what, () => Promise.reject(begun.failure)).catch((error) => error);
    return { ...begun, failure };
  }

  async #prepareCurrent(launch: string, assertHeld?: () => Promise<void>): Promise<Prepared> {
    const [, { current }, owner] = await inOrder(
      assertHeld?.(),
      this.explain("cannot be started", () => this.files.describe()),
      this.#lastingPortOwner(),
    );
    if (current === undefined) throw noRelease(this);
    this.#requireFree(owner);
    return this.#write({ release: current, launch });
  }

  #requireFree(owner: PortOwner): void {
    if (owner.kind === "other") throw portTaken(this, owner.name, owner.port);
    if (owner.kind === "application") throw portTaken(this, `${owner.release}, which is still running`);
  }

  async #write(revision: Revision): Promise<Prepared> {
    const { release, launch } = revision;
    const what = `cannot start ${release}`;
    const spec = await this.explain(what, () => this.recallLaunch(launch));
    if (!spec) throw launchUnknown(this);
    await this.explain(what, async () => {
      const files = await this.supervisor.prepare(revision, spec, this.policy.startupCache);
      await this.files.remember(launch, spec, files);
    });
    return { revision, spec };
  }

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    if (launch !== this.#ownLaunch) return this.files.recall(launch);
    return { launch: this.policy.launch, environment: this.policy.environment };
  }

  async keepRunning(): Promise<void> {
    await this.explain("cannot be kept running", () => this.supervisor.keepRunning());
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const { path, timeoutMilliseconds } = this.policy.health;
    return this.health.ask(path, timeoutMilliseconds, signal);
  }

  /** Only where a connection costs nothing. */
  get untilListening(): Slot["untilListening"] {
    return this.health.untilListening;
  }

  visit(path: string, signal: AbortSignal): Promise<number> {
    return this.health.visit(path, signal);
  }

  async portOwner(): Promise<PortOwner> {
    return this.explain("cannot tell who has its port", () => this.supervisor.portOwner());
  }

  async listening(): Promise<readonly string[]> {
    return this.explain("cannot list its sockets", () => this.supervisor.listening());
  }

  async logTail(lines: number): Promise<string[]> {
    return this.explain("cannot read its log", () => this.supervisor.logTail(lines));
  }

  async memory(): Promise<MemoryRoom | undefined> {
    return this.explain("cannot tell how much memory is free", () => this.supervisor.memory());
  }

  async close(): Promise<void> {
    await this.health.close();
  }

  /** A killed JVM disappears from `/proc` a moment before the kernel closes its sockets. */
  async #lastingPortOwner(): Promise<PortOwner> {
    const other = async () => {
      const owner = await this.portOwner();
      return owner.kind === "other" ? undefined : owner;
    };
    return (await poll(other, PORT_RELEASE)) ?? this.portOwner();
  }

  /** Adds the name to whatever goes wrong. */
  protected async explain<T>(what: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const code = error instanceof RollgateError ? error.code : "host-error";
      throw new RollgateError(code, `${this.name} ${what}: ${messageOf(error)}`, { cause: error });
    }
  }
}

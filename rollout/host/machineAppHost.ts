import type { LimitFunction } from "p-limit";
import { messageOf, RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import type { Jar } from "../release/jar.ts";
import { retained } from "../release/retained.ts";
import type { HealthPolicy } from "../request/rollRequest.ts";
import type { AppHost, HostState, PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { HealthEndpoint } from "./healthEndpoint.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostPlace } from "./hostPlace.ts";
import { launchUnknown, noRelease, portTaken, releaseMissing } from "./hostProblems.ts";
import { type LaunchSpec, launchFingerprint } from "./launchSpec.ts";
import type { HealthReport } from "./probe.ts";
import type { Supervisor } from "./supervisor.ts";

const PORT_RELEASE = { intervalMilliseconds: 50, deadlineMilliseconds: 1_000 };

/** The parts of a host that don't depend on how its application is started: enough to inspect and to remove it. */
export interface HostParts {
  readonly place: HostPlace;
  readonly files: HostFiles;
  readonly supervisor: Supervisor;
  readonly health: HealthEndpoint;
}

/** How a host starts its application, and when it counts as healthy. */
export interface HostPolicy extends LaunchSpec {
  readonly health: HealthPolicy;
  /** Limits how many jars are copied at once. */
  readonly uploads: LimitFunction;
}

/** An app host of any kind: files on a machine, a supervisor that runs the application, and its health endpoint. */
export class MachineAppHost implements AppHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly launch: string;
  readonly logPlace: string;
  readonly #policy: HostPolicy;
  readonly #files: HostFiles;
  readonly #supervisor: Supervisor;
  readonly #health: HealthEndpoint;

  constructor({ place, files, supervisor, health }: HostParts, policy: HostPolicy) {
    this.name = place.name;
    this.address = place.address;
    this.port = place.port;
    this.launch = launchFingerprint(policy, this.address, this.port);
    this.logPlace = supervisor.logPlace;
    this.#policy = policy;
    this.#files = files;
    this.#supervisor = supervisor;
    this.#health = health;
  }

  async preflight(signal: AbortSignal): Promise<void> {
    const [ready, port] = await Promise.allSettled([
      this.#explain("is not ready", () => this.#supervisor.preflight(this.#policy.launch)),
      this.portOwner(),
    ]);
    if (ready.status === "rejected") throw ready.reason;
    if (port.status === "rejected") throw port.reason;
    const owner = port.value;
    if (owner.kind === "other") throw portTaken(this, owner.name, owner.port);
    // Checked now, while the old release is still running.
    await this.#explain("is not ready", () => this.#health.preflight(signal));
  }

  async observe(): Promise<HostState> {
    const [running, files] = await Promise.all([
      this.runningApp(),
      this.#explain("cannot list its releases", () => this.#files.describe()),
    ]);
    return { ...(running && { running }), ...files };
  }

  async runningApp(): Promise<RunningApp | undefined> {
    return this.#explain("cannot tell what it runs", () => this.#supervisor.running());
  }

  async stage(id: string, jar: Jar | undefined, signal: AbortSignal): Promise<void> {
    if (jar) {
      return this.#explain(`cannot stage ${id}`, () =>
        this.#policy.uploads(() => this.#files.stage(id, jar, signal)),
      );
    }
    if (await this.#explain(`cannot verify ${id}`, () => this.#files.holds(id))) return;
    throw releaseMissing(this, id);
  }

  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#explain("cannot be stopped", () => this.#supervisor.stop(graceSeconds));
  }

  async switchTo(id: string): Promise<void> {
    await this.#explain(`cannot switch to ${id}`, () => this.#files.switchTo(id));
  }

  async start(launch: string): Promise<void> {
    const [{ current }, owner] = await Promise.all([
      this.#explain("cannot be started", () => this.#files.describe()),
      this.#lastingPortOwner(),
    ]);
    if (current === undefined) throw noRelease(this);
    if (owner.kind === "other") throw portTaken(this, owner.name, owner.port);
    if (owner.kind === "application") throw portTaken(this, `${owner.release}, which is still running`);
    const what = `cannot start ${current}`;
    const spec = await this.#explain(what, () => this.recallLaunch(launch));
    if (!spec) throw launchUnknown(this);
    const revision = { release: current, launch };
    await this.#explain(what, async () => {
      // Recorded before it is used, so that there is a way back to it.
      await Promise.all([this.#files.remember(launch, spec), this.#supervisor.prepare(revision, spec)]);
      await this.#supervisor.start(revision, spec);
    });
  }

  /** A killed JVM disappears from `/proc` a moment before the kernel closes its sockets. */
  async #lastingPortOwner(): Promise<PortOwner> {
    const other = async () => {
      const owner = await this.portOwner();
      return owner.kind === "other" ? undefined : owner;
    };
    return (await poll(other, PORT_RELEASE)) ?? this.portOwner();
  }

  async recallLaunch(launch: string): Promise<LaunchSpec | undefined> {
    if (launch !== this.launch) return this.#files.recall(launch);
    return { launch: this.#policy.launch, environment: this.#policy.environment };
  }

  async markLastKnownGood(revision: Revision): Promise<void> {
    await this.#explain("cannot record its last known good release", async () => {
      // In this order: once recorded, the host is not looked at again.
      await this.#supervisor.keepRunning();
      await this.#files.markLastKnownGood(revision);
    });
  }

  async probe(signal: AbortSignal): Promise<HealthReport> {
    const { path, timeoutMilliseconds } = this.#policy.health;
    return this.#health.ask(path, timeoutMilliseconds, signal);
  }

  async portOwner(): Promise<PortOwner> {
    return this.#explain("cannot tell who has its port", () => this.#supervisor.portOwner());
  }

  async listening(): Promise<readonly string[]> {
    return this.#explain("cannot list its sockets", () => this.#supervisor.listening());
  }

  async logTail(lines: number): Promise<string[]> {
    return this.#explain("cannot read its log", () => this.#supervisor.logTail(lines));
  }

  async prune(keep: number, spared: readonly Revision[]): Promise<void> {
    const { releases, launches } = retained(await this.observe(), this.launch, spared);
    await this.#explain("cannot remove old releases", () => this.#files.prune(keep, releases, launches));
  }

  async close(): Promise<void> {
    await this.#health.close();
  }

  /** Adds the name of the host to whatever goes wrong. */
  async #explain<T>(what: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      const code = error instanceof RollgateError ? error.code : "host-error";
      throw new RollgateError(code, `${this.name} ${what}: ${messageOf(error)}`, { cause: error });
    }
  }
}

import type { Command, Ended, Output } from "../hooks/command.ts";
import type { Jar } from "../release/jar.ts";
import { retained } from "../release/retained.ts";
import type { Launch } from "../request/launch.ts";
import type { StartupCache } from "../startupCache/startupCache.ts";
import type { AppHost, HostState, Revision } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import { portTaken, releaseMissing } from "./hostProblems.ts";
import type { HostTasks } from "./hostTasks.ts";
import type { LastSeen, Seen } from "./lastSeen.ts";
import { launchFingerprint } from "./launchSpec.ts";
import { type HostPolicy, MachineSlot, type SlotParts } from "./machineSlot.ts";

/** The parts of a host that don't depend on how its application is started: enough to inspect and to remove it. */
export interface HostParts extends SlotParts {
  readonly files: HostFiles;
  readonly tasks: HostTasks;
  /** Its other slot, if it has one. */
  readonly second?: SlotParts;
  readonly zone?: string;
  /** Absent if the host may share a machine with any other. */
  readonly machine?: unknown;
  /** Absent if it is asked anew each time, because it is near. */
  readonly lastSeen?: LastSeen;
  /** What makes releases start faster, if the kind can. */
  startupCache?(launch: Launch): Pick<StartupCache, keyof StartupCache>;
}

/** An app host of any kind: files on a machine, and one or two slots. */
export class MachineAppHost extends MachineSlot implements AppHost {
  readonly launch: string;
  readonly second?: MachineSlot;
  readonly zone?: string;
  readonly machine?: unknown;
  readonly startupCache?: Pick<StartupCache, keyof StartupCache>;
  readonly #tasks: HostTasks;
  readonly #lastSeen: LastSeen | undefined;

  constructor(
    { files, tasks, second, zone, machine, lastSeen, startupCache, ...first }: HostParts,
    policy: HostPolicy,
  ) {
    const launch = launchFingerprint(policy, first.place.address, first.place.port);
    super(first, files, policy, launch);
    this.launch = launch;
    this.#tasks = tasks;
    this.#lastSeen = lastSeen;
    if (zone !== undefined) this.zone = zone;
    if (machine !== undefined) this.machine = machine;
    if (startupCache && policy.startupCache) this.startupCache = startupCache(policy.launch);
    if (second) this.second = new MachineSlot(second, files, policy, launch);
  }

  async preflight(signal: AbortSignal): Promise<void> {
    const [first, second, owner, running] = await Promise.allSettled([
      this.preflightSlot(signal),
      this.second?.preflightSlot(signal),
      this.portOwner(),
      this.second?.runningApp(),
    ]);
    // What both slots lack is reported for the first one, which has the host's name.
    for (const found of [first, second, owner, running]) if (found.status === "rejected") throw found.reason;
    if (owner.status !== "fulfilled" || owner.value.kind !== "other") return;
    // A host that serves from its second slot can go on without the first one.
    if (running.status === "fulfilled" && running.value) return;
    throw portTaken(this, owner.value.name, owner.value.port);
  }

  async lastSeen(): Promise<Seen | undefined> {
    return this.second && this.#lastSeen?.recall();
  }

  async observe(staging?: string): Promise<HostState> {
    const [running, second, files] = await Promise.all([
      this.runningApp(),
      this.second?.runningApp(),
      this.explain("cannot list its releases", () => this.files.describe(staging)),
    ]);
    const app = running ?? second;
    if (this.second && app && !(running && second))
      await this.#lastSeen?.remember({ slot: running ? "first" : "second", release: app.release });
    return { ...(running && { running }), ...(second && { second }), ...files };
  }

  holds(id: string): Promise<boolean> {
    return this.explain(`cannot verify ${id}`, () => this.policy.uploads(() => this.files.holds(id)));
  }

  async stage(
    id: string,
    jar: Jar | undefined,
    signal: AbortSignal,
    asked?: Promise<boolean | undefined>,
  ): Promise<void> {
    const known = await asked?.catch(() => undefined);
    if (jar) {
      return this.explain(`cannot stage ${id}`, () =>
        this.policy.uploads(() => this.files.stage(id, jar, signal, known)),
      );
    }
    if (known ?? (await this.explain(`cannot verify ${id}`, () => this.files.holds(id)))) return;
    throw releaseMissing(this, id);
  }

  async runTask(release: string, command: Command, output: Output): Promise<Ended> {
    const { launch, environment } = this.policy;
    const variables = { ...environment, ...command.variables, ROLLGATE_JAVA: launch.java };
    return this.explain("cannot run a command", () =>
      this.#tasks.run({ ...command, variables, release, spec: { launch, environment } }, output),
    );
  }

  async switchTo(id: string): Promise<void> {
    await this.explain(`cannot switch to ${id}`, () => this.files.switchTo(id));
  }

  async markLastKnownGood(revision: Revision): Promise<void> {
    await this.explain("cannot record its last known good release", () =>
      this.files.markLastKnownGood(revision),
    );
  }

  async prune(keep: number, spared: readonly Revision[], known?: HostState): Promise<void> {
    const { releases, launches } = retained(known ?? (await this.observe()), this.launch, spared);
    await this.explain("cannot remove old releases", () => this.files.prune(keep, releases, launches));
  }

  override async close(): Promise<void> {
    await Promise.all([super.close(), this.second?.close()]);
  }
}

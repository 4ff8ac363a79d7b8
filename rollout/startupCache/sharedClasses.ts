import pLimit from "p-limit";
import { messageOf, RollgateError } from "../common/errors.ts";
import { groupBy } from "../common/groupBy.ts";
import type { AppHost, Revision, Slot } from "../host/appHost.ts";
import { type DesiredRelease, targetOf } from "../roll/targets.ts";
import type { Classes, Prepared } from "./startupCache.ts";
import { Unpackings } from "./unpackings.ts";

const AT_ONCE = 4;

/** The part of a roll's context that it needs. */
interface Roll {
  report(phase: "stage" | "record", message: string, host?: AppHost): void;
  warn(message: string, host: AppHost): void;
  readonly assertHeld: () => Promise<void>;
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
}

/** A host whose next release is unpacked. */
interface Ready extends Prepared {
  readonly release: string;
}

/**
 * The archives of classes of one roll. Where there is none yet for a Java, its options and the libraries of a release, the
 * first host that is up with them makes one beside the application, while the roll goes on, and the others get it. Whatever
 * fails, hosts start without. Once the roll is asked to stop, nothing more is done.
 */
export class SharedClasses {
  readonly #roll: Roll;
  readonly #desired: DesiredRelease;
  readonly #unpackings: Unpackings;
  readonly #signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #ready = new Map<AppHost, Ready>();
  readonly #making = new Map<string, Promise<void>>();
  readonly #read = new Map<string, Promise<Classes>>();

  /** Begins to read the jars. */
  constructor(roll: Roll, desired: DesiredRelease) {
    this.#roll = roll;
    this.#desired = desired;
    this.#unpackings = new Unpackings([desired.jar, desired.canary?.jar]);
    this.#signal = AbortSignal.any([roll.signal, this.#over.signal]);
  }

  /** After the release was staged: unpacks it on every host that has a startup cache, or once for all on one machine. */
  async prepare(hosts: readonly AppHost[]): Promise<void> {
    const desired = this.#desired;
    const time = Math.floor(Date.now() / 1000);
    const limit = pLimit(AT_ONCE);
    const onMachines = groupBy(hosts, (host) => host.startupCache?.machine ?? host).values();
    const groups = [...onMachines].flatMap((group) => [
      ...groupBy(group, ({ name }) => targetOf(desired, name).release).values(),
    ]);
    const prepared = new Map<AppHost, Ready | undefined>();
    const prepare = async (host: AppHost, beside?: object) => {
      prepared.set(host, await limit(() => this.#prepareOne(host, time, beside)));
    };
    const prepareGroup = async ([first, ...others]: readonly AppHost[]) => {
      if (!first) return;
      await prepare(first);
      const beside = prepared.get(first) && first.startupCache;
      await Promise.all(others.map((host) => prepare(host, beside)));
    };
    await Promise.all(groups.map(prepareGroup));
    // In the order of hosts, not in that of their answers: the first one that has the classes gives them to others.
    for (const host of hosts) {
      const its = prepared.get(host);
      if (its) this.#ready.set(host, its);
    }
    const ready = [...this.#ready.values()];
    if (ready.length === 0) return;
    const recorded = ready.filter(({ isThere }) => isThere).length;
    const obstacles = new Set(ready.flatMap(({ obstacle }) => obstacle ?? []));
    const without = obstacles.size === 0 ? "" : `; no classes where ${[...obstacles].join(" or ")}`;
    this.#roll.report(
      "stage",
      `unpacked on ${ready.length} of ${hosts.length} hosts, classes recorded on ${recorded}${without}`,
    );
  }

  /** Before a host is touched: brings it the classes that another one has recorded. */
  async provide(host: AppHost, { release }: Revision): Promise<void> {
    const ready = this.#ready.get(host);
    if (!ready?.archive || ready.isThere || ready.release !== release) return;
    const { archive } = ready;
    const sources = [...this.#ready].flatMap(([{ startupCache }, other]) =>
      other.isThere && other.archive === archive && startupCache ? [startupCache] : [],
    );
    const [source] = sources;
    if (!source) return;
    await this.#unlessItFails(host, "did not get the recorded classes", async () => {
      const signal = this.#signal;
      if (!(await copied(host, sources, archive, signal))) {
        const classes = await this.#readOnce(archive, () => source.read(archive, signal));
        await host.startupCache?.install(archive, classes, signal);
      }
      this.#ready.set(host, { ...ready, isThere: true });
      this.#roll.report("stage", "got the recorded classes", host);
    });
  }

  /** Once a release is up in a slot: makes an archive of its classes unless there is one, or one is being made. */
  makeBeside(host: AppHost, slot: Slot, release: string): void {
    const ready = this.#ready.get(host);
    if (!ready?.archive || ready.release !== release || this.#making.has(ready.archive)) return;
    const { archive } = ready;
    if (
      this.#signal.aborted ||
      [...this.#ready.values()].some((other) => other.isThere && other.archive === archive)
    )
      return;
    const making = this.#make(host, slot, archive);
    // Thrown by what waits for it.
    making.catch(() => {});
    this.#making.set(archive, making);
  }

  /** At the end of a roll: hosts that were started before there were any classes get them for their next start. */
  async provideAll(): Promise<void> {
    await Promise.all(this.#making.values());
    const limit = pLimit(AT_ONCE);
    const all = [...this.#ready].map(([host, { release }]) =>
      limit(() => this.provide(host, { release, launch: host.launch })),
    );
    await Promise.all(all);
  }

  /** Ends what is still being made. */
  async end(): Promise<void> {
    this.#over.abort(new RollgateError("interrupted", "the roll is over"));
    await Promise.allSettled(this.#making.values());
  }

  async #make(host: AppHost, slot: Slot, archive: string): Promise<void> {
    const isMade = await this.#unlessItFails(host, "did not record its classes", async () => {
      const running = await slot.runningApp();
      if (!running) throw new RollgateError("no-class-list", "the application ended");
      await host.startupCache?.make(running.pid, archive, this.#signal);
      const ready = this.#ready.get(host);
      if (ready) this.#ready.set(host, { ...ready, isThere: true });
    });
    this.#roll.report(
      "record",
      isMade ? "later starts will be faster" : "later starts will be as slow",
      host,
    );
  }

  async #prepareOne(host: AppHost, time: number, beside: object | undefined): Promise<Ready | undefined> {
    const { startupCache } = host;
    if (!startupCache) return undefined;
    const { release, jar } = targetOf(this.#desired, host.name);
    let ready: Ready | undefined;
    await this.#unlessItFails(host, "starts the release as it is", async () => {
      const unpacking = jar && (await this.#unpackings.of(jar));
      const prepared = await startupCache.prepare(release, unpacking, time, this.#signal, beside);
      if (prepared) ready = { release, ...prepared };
    });
    return ready;
  }

  /** Hosts that need the same classes at the same time wait for the same answer; after a failure, the next one asks again. */
  #readOnce(key: string, read: () => Promise<Classes>): Promise<Classes> {
    const reading =
      this.#read.get(key) ??
      read().catch((error: unknown) => {
        this.#read.delete(key);
        throw error;
      });
    this.#read.set(key, reading);
    return reading;
  }

  async #unlessItFails(host: AppHost, what: string, step: () => Promise<void>): Promise<boolean> {
    if (this.#signal.aborted) return false;
    try {
      await this.#roll.assertHeld();
      await step();
      return true;
    } catch (error) {
      // The roll itself says why it stopped.
      if (this.#signal.aborted) return false;
      if (!(error instanceof RollgateError)) throw error;
      this.#roll.warn(`${what}: ${messageOf(error)}`, host);
      return false;
    }
  }
}

/** Whether the classes were copied from a host on the same machine. */
async function copied(
  { startupCache }: AppHost,
  sources: readonly object[],
  archive: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const source of sources) if (await startupCache?.copyFrom?.(source, archive, signal)) return true;
  return false;
}

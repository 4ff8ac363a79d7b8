import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "../common/errors.ts";

/** A lease: who is rolling, since when, and a counter that goes up while the owner is alive. */
export interface LeaseRecord {
  readonly owner: string;
  /** ISO 8601, for people only: no decision depends on a clock. */
  readonly since: string;
  readonly beat: number;
  readonly released: boolean;
}

/** The result of renewing a lease. */
export type Renewal =
  | { readonly isHeld: true; readonly stopRequested: boolean }
  /** Someone has taken it over; without a holder, it is gone. */
  | { readonly isHeld: false; readonly holder: LeaseRecord | undefined };

/** How old the answer may be that the lease is held when an application is replaced. */
const LATELY_MILLISECONDS = 1_000;

/** Where leases are on a machine, so that a script there can check one before it changes anything. */
export interface LeasePlace {
  readonly machine: unknown;
  readonly directory: string;
}

/** A lease as such a script checks it. */
export interface LeaseGuard extends LeasePlace {
  readonly generation: number;
  /** Hears that it was held after this moment, by `performance.now()`. */
  wasHeld?(asked: number): void;
}

/** Where the leases of one fleet are kept, on the target side; generations only grow. */
export interface LeaseStore {
  /** Absent if no script can check them. */
  readonly place?: LeasePlace;
  newest(): Promise<{ readonly generation: number; readonly record: LeaseRecord } | undefined>;
  /**
   * Creates a generation atomically; `false` if someone else was first, or has gone on since. Removes older ones, and a
   * stop request that was meant for their owner.
   */
  claim(generation: number, record: LeaseRecord): Promise<boolean>;
  /** Replaces the record of a generation atomically, if it is still the newest. */
  renew(generation: number, record: LeaseRecord): Promise<Renewal>;
  /** Whether the owner is known to be dead; `false` if unknown. */
  isGone(record: LeaseRecord): Promise<boolean>;
}

/** How a lease is renewed and waited for. */
export interface LeaseTiming {
  readonly heartbeatMilliseconds: number;
  /** A lease has expired once its counter has not moved for this long by the watcher's own monotonic clock. */
  readonly expiryMilliseconds: number;
  /** How long to wait for a living owner to finish. */
  readonly waitMilliseconds: number;
}

/** How a lease is acquired. */
interface Acquisition {
  readonly signal: AbortSignal;
  readonly onWait: (holder: LeaseRecord) => void;
  readonly asked?: ReturnType<LeaseStore["newest"]>;
}

/** Someone else is rolling this fleet. */
export class LeaseHeld extends RollgateError {
  constructor({ owner, since }: LeaseRecord) {
    super("lease-held", `${owner} has been rolling this fleet since ${since}`);
  }
}

/** Someone else has taken this fleet over in the meantime. */
export class LeaseLost extends RollgateError {
  constructor(owner: string) {
    super("lease-lost", `${owner} has taken over this fleet`);
  }
}

/**
 * The right to change one fleet, held by one roller at a time. Taking over means creating the next generation, which
 * only one roller can; the previous owner notices before its next step. Expiry depends on what the watcher sees move,
 * never on comparing clocks, so clocks that jump or differ do no harm.
 */
export class Lease {
  readonly #store: LeaseStore;
  readonly #generation: number;
  readonly #lost = new AbortController();
  #record: LeaseRecord;
  /** When the question was asked that was last answered with yes. */
  #heldAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  private constructor(store: LeaseStore, generation: number, record: LeaseRecord) {
    this.#store = store;
    this.#generation = generation;
    this.#record = record;
  }

  /**
   * Takes the lease, from a dead owner if need be; throws `LeaseHeld` while its owner is alive. `asked` is what the store
   * said shortly before: nobody can claim a generation that somebody else has claimed since.
   */
  static async acquire(
    store: LeaseStore,
    owner: string,
    timing: LeaseTiming,
    { signal, onWait, asked }: Acquisition,
  ): Promise<Lease> {
    let first = asked;
    const began = performance.now();
    let seen = { generation: -1, beat: -1, at: began };
    let told = -1;
    for (;;) {
      signal.throwIfAborted();
      const newest = await (first ?? store.newest());
      first = undefined;
      const now = performance.now();
      if (newest && (newest.generation !== seen.generation || newest.record.beat !== seen.beat)) {
        const moved = newest.generation === seen.generation;
        seen = { generation: newest.generation, beat: newest.record.beat, at: now };
        if (moved && !newest.record.released && now - began >= timing.waitMilliseconds) {
          throw new LeaseHeld(newest.record);
        }
      }
      const standsStill = now - seen.at >= timing.expiryMilliseconds;
      if (!newest || newest.record.released || standsStill || (await store.isGone(newest.record))) {
        const generation = (newest?.generation ?? 0) + 1;
        const record = { owner, since: new Date().toISOString(), beat: 0, released: false };
        const claimed = performance.now();
        if (!(await store.claim(generation, record))) continue;
        const lease = new Lease(store, generation, record);
        lease.#wasHeld(claimed);
        lease.#keepAlive(timing.heartbeatMilliseconds);
        return lease;
      }
      if (told !== newest.generation) onWait(newest.record);
      told = newest.generation;
      await sleep(timing.heartbeatMilliseconds / 4, undefined, { signal });
    }
  }

  /** Aborts when the lease is lost or someone asks the roll to stop. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Grows with each owner. */
  get generation(): number {
    return this.#generation;
  }

  /** For scripts on the machine of the lease, which then need no question before them. */
  get guard(): LeaseGuard | undefined {
    const { place } = this.#store;
    return place && { ...place, generation: this.#generation, wasHeld: (asked) => this.#wasHeld(asked) };
  }

  /** Throws `LeaseLost` unless the lease is still ours; called before every step that changes anything. */
  async assertHeld(): Promise<void> {
    const asked = performance.now();
    const newest = await this.#store.newest();
    if (newest?.generation === this.#generation) return this.#wasHeld(asked);
    throw new LeaseLost(newest?.record.owner ?? "somebody");
  }

  /**
   * The same, unless the answer is known from the last second: called before an application is started or stopped, whose
   * machine is another one than that of the lease.
   */
  async assertHeldLately(): Promise<void> {
    const { reason } = this.#lost.signal;
    if (reason instanceof LeaseLost) throw reason;
    if (performance.now() - this.#heldAt > LATELY_MILLISECONDS) await this.assertHeld();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#store.renew(this.#generation, { ...this.#record, released: true });
  }

  #wasHeld(asked: number): void {
    this.#heldAt = Math.max(this.#heldAt, asked);
  }

  #keepAlive(intervalMilliseconds: number): void {
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat()).catch(() => {});
    }, intervalMilliseconds);
    this.#timer.unref();
  }

  /** If a heartbeat fails, the next one makes up for it; one that finds another owner ends the roll. */
  async #beat(): Promise<void> {
    this.#record = { ...this.#record, beat: this.#record.beat + 1 };
    const asked = performance.now();
    const renewal = await this.#store.renew(this.#generation, this.#record);
    if (renewal.isHeld) this.#wasHeld(asked);
    if (!renewal.isHeld) this.#lost.abort(new LeaseLost(renewal.holder?.owner ?? "somebody"));
    else if (renewal.stopRequested)
      this.#lost.abort(new RollgateError("stop-requested", "someone asked the roll to stop"));
  }
}

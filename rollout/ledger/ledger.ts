import { setTimeout as sleep } from "node:timers/promises";
import type { AppHost, Slot } from "../host/appHost.ts";
import { endpoint } from "../machine/connections.ts";
import { CountedNginx } from "./countedNginx.ts";
import { describeLedger } from "./describeLedger.ts";
import { figuresOf, type LedgerFigures } from "./figures.ts";
import { added } from "./latency.ts";
import type { LedgerRow } from "./ledgerSums.ts";
import type { PlaceSum, RequestCounter } from "./requestCounter.ts";
import { SlotReleases } from "./slotReleases.ts";

const LOOK_MILLISECONDS = 3_000;

/** What nginx has counted so far, while a roll is on. */
export interface LiveLedger {
  /** By second, slot and release. */
  rows(): readonly LedgerRow[];
  /** Brings `rows` up to date; they are a few seconds old otherwise. */
  look(): Promise<void>;
}

/** The requests of a roll. Nothing that happens to it fails the roll. */
export class Ledger implements LiveLedger {
  readonly #hosts: readonly AppHost[];
  readonly #warn: (message: string) => void;
  readonly #nginx: readonly CountedNginx[];
  readonly #slots: ReadonlyMap<string, string>;
  readonly #releases = new SlotReleases();
  readonly #rows = new Map<string, LedgerRow>();
  readonly #ending = new AbortController();
  #begun: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  #ended: Promise<void> | undefined;
  #rollsSince = 0;
  #counted = false;

  constructor(
    hosts: readonly AppHost[],
    counters: readonly RequestCounter[],
    warn: (message: string) => void,
  ) {
    this.#hosts = hosts;
    this.#warn = warn;
    this.#nginx = counters.map((counter) => new CountedNginx(counter, (sum) => this.#add(sum)));
    const slots = hosts.flatMap(slotsOf);
    this.#slots = new Map(slots.map(({ name, address, port }) => [endpoint(address, port), name]));
  }

  /** Returns once every nginx counts, or has failed to. */
  async begin(): Promise<void> {
    if (this.#nginx.length === 0) return;
    this.#begun = this.#begin();
    await this.#begun;
  }

  /** From now on, hosts change; what was counted until now shows how it was before. */
  rollBegins(): void {
    this.#rollsSince = Math.floor(Date.now() / 1000);
  }

  /** Call it when a slot is drained. */
  drains({ name }: Slot): void {
    this.#releases.drains(name, Date.now());
  }

  /** Call it before a slot gets its first request. */
  admits({ name }: Slot, release: string): void {
    this.#releases.admits(name, release, Date.now());
  }

  rows(): readonly LedgerRow[] {
    return [...this.#rows.values()].toSorted((a, b) => a.second - b.second);
  }

  async look(): Promise<void> {
    await Promise.all(this.#nginx.map((nginx) => nginx.look()));
  }

  /** Stops counting, once all that was counted is here; may be called again. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** What was counted, in a line; `undefined` if nothing counts. */
  describe(): string | undefined {
    return this.#counted ? describeLedger(this.rows(), this.#rollsSince) : undefined;
  }

  figures(): LedgerFigures | undefined {
    return this.#counted ? figuresOf(this.rows(), this.#rollsSince) : undefined;
  }

  async #begin(): Promise<void> {
    await Promise.all([
      ...this.#nginx.map((nginx) => nginx.begin()),
      ...this.#hosts.map((host) => this.#askWhatRuns(host)),
    ]);
    this.#counted = this.#nginx.some(({ isOn }) => isOn);
    if (this.#counted) this.#looking = this.#keepLooking();
  }

  /** A host that does not answer is no reason to count nothing. */
  async #askWhatRuns(host: AppHost): Promise<void> {
    const { running, second } = await host.observe().catch(() => ({ running: undefined, second: undefined }));
    if (running) this.#releases.began(host.name, running.release);
    if (second && host.second) this.#releases.began(host.second.name, second.release);
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.look();
    }
  }

  async #end(): Promise<void> {
    await this.#begun;
    this.#ending.abort();
    await this.#looking;
    await Promise.all(this.#nginx.map((nginx) => nginx.end()));
    for (const { name, problem } of this.#nginx) {
      if (problem !== undefined) this.#warn(`not every request was counted: ${name}: ${problem}`);
    }
  }

  #add({ place, ...sum }: PlaceSum): void {
    const slot = place === undefined ? undefined : (this.#slots.get(place) ?? place);
    const release = slot === undefined ? undefined : this.#releases.at(slot, sum.second * 1000);
    const key = [sum.second, slot, release].join(" ");
    const before = this.#rows.get(key);
    const row = { ...sum, ...(slot !== undefined && { slot }), ...(release !== undefined && { release }) };
    this.#rows.set(key, before ? together(before, row) : row);
  }
}

function together(a: LedgerRow, b: LedgerRow): LedgerRow {
  return {
    ...a,
    requests: a.requests + b.requests,
    lost: a.lost + b.lost,
    errors: a.errors + b.errors,
    cut: a.cut + b.cut,
    retries: a.retries + b.retries,
    bytes: a.bytes + b.bytes,
    latency: added([a.latency, b.latency]),
  };
}

function slotsOf(host: AppHost): Slot[] {
  return [host, ...(host.second ? [host.second] : [])];
}

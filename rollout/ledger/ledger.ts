import type { Counted } from "../analysis/soakAnalysis.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import { endpoint } from "../machine/connections.ts";
import type { ProbeTraffic as ProbePolicy } from "../request/probeTraffic.ts";
import { CountedFront } from "./countedFront.ts";
import type { CountedInRoll } from "./countedInRoll.ts";
import { CountedRows } from "./countedRows.ts";
import { describeLedger } from "./describeLedger.ts";
import { FailedPaths } from "./failedPaths.ts";
import { figuresOf, type LedgerFigures } from "./figures.ts";
import type { LedgerRow } from "./ledgerSums.ts";
import { ProbeTraffic } from "./probeTraffic.ts";
import type { FailedPath, PlaceSum, RequestCounter } from "./requestCounter.ts";
import { SlotReleases } from "./slotReleases.ts";

/** The requests of a roll. Nothing that happens to it fails the roll. */
export class Ledger implements Counted {
  readonly #warn: (message: string) => void;
  readonly #front: CountedFront;
  readonly #hasCounters: boolean;
  readonly #slots: ReadonlyMap<string, string>;
  readonly #releases = new SlotReleases();
  readonly #admitted = new Map<string, number>();
  readonly #clients = new CountedRows(this.#releases);
  readonly #probes = new CountedRows(this.#releases);
  readonly #paths = new FailedPaths();
  readonly #traffic: ProbeTraffic | undefined;
  #begun: Promise<void> = Promise.resolve();
  #reading: Promise<void> | undefined;
  #ended: Promise<void> | undefined;
  #rollsSince = 0;
  /** When the last host was finished, by `performance.now()`. */
  #finishedAt: number | undefined;
  #isOn = false;
  #isServing = false;

  constructor(
    hosts: readonly AppHost[],
    counters: readonly RequestCounter[],
    warn: (message: string) => void,
    probeTraffic?: ProbePolicy,
  ) {
    this.#warn = warn;
    this.#traffic = probeTraffic && new ProbeTraffic(probeTraffic, counters, warn);
    this.#hasCounters = counters.length > 0;
    this.#front = new CountedFront(counters, {
      sum: (sum: PlaceSum) => this.#add(sum),
      path: (path: FailedPath) => this.#paths.add(path),
    });
    const slots = hosts.flatMap(slotsOf);
    this.#slots = new Map(slots.map(({ name, address, port }) => [endpoint(address, port), name]));
  }

  /** Whether any nginx counts, or has counted. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** The second from which hosts changed; 0 if none has yet. */
  get rollsSince(): number {
    return this.#rollsSince;
  }

  /** Returns once every nginx counts, or has failed to. */
  async begin(): Promise<void> {
    if (!this.#hasCounters) return;
    this.#begun = this.#begin();
    await this.#begun;
  }

  /** From now on, hosts change; what was counted until now shows how it was before. */
  rollBegins(): void {
    this.#rollsSince = Math.floor(Date.now() / 1000);
  }

  /** Call it when a host has passed its gates and its soak. */
  finishes(): void {
    this.#finishedAt = performance.now();
  }

  /** Call it when a slot is drained. */
  drains({ name }: Pick<Slot, "name">): void {
    this.#finishedAt = undefined;
    this.#releases.drains(name, Date.now());
  }

  /** Call it before a slot gets its first request. */
  admits({ name }: Pick<Slot, "name">, release: string): void {
    const now = Date.now();
    this.#releases.admits(name, release, now);
    if (!this.#admitted.has(name)) this.#admitted.set(name, now);
    this.#runsOther();
    this.#serves();
  }

  admittedAt(slot: string): number | undefined {
    return this.#admitted.get(slot);
  }

  /** Tells what a slot runs, as far as nobody has told yet. */
  sees(slot: Pick<Slot, "name">, release: string): void {
    if (this.#releases.seen(slot.name, release)) this.#runsOther();
    this.#serves();
  }

  /** What clients sent, by second, slot and release; a few seconds old until the ledger has ended. */
  rows(): readonly LedgerRow[] {
    return this.#clients.rows();
  }

  /** The same for what the roll sent itself. */
  probes(): readonly LedgerRow[] {
    return this.#probes.rows();
  }

  /** All of it; `undefined` if nothing counts. */
  counted(): CountedInRoll | undefined {
    const figures = this.figures();
    if (!figures) return undefined;
    const [ledger, paths, { probes }] = [this.rows(), this.#paths.worst(), figures];
    return {
      ledger,
      changesFrom: this.#rollsSince,
      ...(probes && { probes }),
      ...(paths.length > 0 && { paths }),
    };
  }

  /**
   * Reads ahead of the end what clients got until the last host was finished. If a host is drained after all, that is
   * read again.
   */
  readAhead(): void {
    if (this.#finishedAt !== undefined && !this.#traffic) this.#front.readAhead(this.#finishedAt);
  }

  /**
   * Returns once everything is here that clients got until the last host was finished, or until now if a host is not
   * finished; may be called again.
   */
  read(): Promise<void> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  /** Stops counting after that, and returns once nothing is left of it; may be called again. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** What was counted, in a line; `undefined` if nothing counts. */
  describe(): string | undefined {
    return this.#isOn ? describeLedger(this.rows(), this.#rollsSince, this.probes()) : undefined;
  }

  figures(): LedgerFigures | undefined {
    return this.#isOn ? figuresOf(this.rows(), this.#rollsSince, this.probes()) : undefined;
  }

  async #begin(): Promise<void> {
    this.#isOn = await this.#front.begin();
    if (this.#isOn && this.#isServing) this.#traffic?.begin();
  }

  async #read(): Promise<void> {
    await this.#begun;
    await this.#traffic?.end();
    // Its last requests may have been answered only now.
    const at = (this.#traffic ? undefined : this.#finishedAt) ?? performance.now();
    await this.#front.read(at);
  }

  async #end(): Promise<void> {
    await this.read();
    for (const problem of await this.#front.end()) this.#warn(problem);
  }

  #add({ place, isProbe, ...sum }: PlaceSum): void {
    const slot = place === undefined ? undefined : (this.#slots.get(place) ?? place);
    const counted = isProbe ? this.#probes : this.#clients;
    counted.add({ ...sum, ...(slot !== undefined && { slot }) });
  }

  /** In a first deployment, nobody answers before. */
  #serves(): void {
    this.#isServing = true;
    if (this.#isOn) this.#traffic?.begin();
  }

  #runsOther(): void {
    this.#clients.runsOther();
    this.#probes.runsOther();
  }
}

function slotsOf(host: AppHost): Slot[] {
  return [host, ...(host.second ? [host.second] : [])];
}

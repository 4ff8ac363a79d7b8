import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { endpoint } from "#rollout/machine/connections.ts";

/** A server closes connections without a request after a while: Tomcat after 20 s. */
const KEPT_MILLISECONDS = 5_000;
/** A start takes about so long on its server, before anything can listen. */
const BEFORE_TRIES_MILLISECONDS = 75;
const BETWEEN_TRIES_MILLISECONDS = 50;
/** Each is a process here. Later, gates ask, and connect as often as they ask. */
const MOST_TRIES = 4;

/** A port that will be asked, and over how many connections. */
export type ExpectedPort = readonly [address: string, port: number, count: number];

/**
 * Connections to ports of a far server that will be needed soon. To open one takes a round trip, which is over before the
 * first request if it begins with what comes before that.
 */
export class ConnectionsAhead {
  readonly #connect: (address: string, port: number) => Duplex;
  /** What opens them. */
  readonly #expected = new Map<string, () => Duplex[]>();
  readonly #opened = new Map<string, Duplex[]>();
  readonly #all = new Map<string, ExpectedPort>();
  #isFar = false;

  constructor(connect: (address: string, port: number) => Duplex) {
    this.#connect = connect;
  }

  get isFar(): boolean {
    return this.#isFar;
  }

  /** Every port that was expected to be asked. */
  get all(): readonly ExpectedPort[] {
    return [...this.#all.values()];
  }

  /** Says that so many will be needed soon. */
  expect(...[address, port, count]: ExpectedPort): void {
    this.#all.set(endpoint(address, port), [address, port, count]);
    const open = () => Array.from({ length: count }, () => this.#connect(address, port));
    this.#expected.set(endpoint(address, port), open);
    if (this.#isFar) this.#open();
  }

  /** To be called when the server has let us in, if it is far away. */
  begin(): void {
    this.#isFar = true;
    this.#open();
  }

  /**
   * Something will listen at a port soon: tries to connect from time to time until `over`. Those that come too early are
   * refused.
   */
  tryUntil(over: Promise<unknown>, address: string, port: number): void {
    let isOver = !this.#isFar;
    const stop = () => {
      isOver = true;
    };
    over.then(stop, stop);
    const trying = async () => {
      const wait = (milliseconds: number) => sleep(milliseconds, undefined, { ref: false });
      await wait(BEFORE_TRIES_MILLISECONDS);
      for (let tries = 0; tries < MOST_TRIES && !isOver && this.#isFar; tries++) {
        this.#keep(endpoint(address, port), [this.#connect(address, port)]);
        await wait(BETWEEN_TRIES_MILLISECONDS);
      }
    };
    if (!isOver) void trying();
  }

  /** One that is open, or opening; `undefined` if there is none. */
  take(address: string, port: number): Duplex | undefined {
    const place = endpoint(address, port);
    this.#expected.delete(place);
    return this.#usable(place).shift();
  }

  /** Whether there is one. */
  has(address: string, port: number): boolean {
    return this.#usable(endpoint(address, port)).length > 0;
  }

  close(): void {
    this.#isFar = false;
    this.#expected.clear();
    for (const stream of [...this.#opened.values()].flat()) stream.destroy();
    this.#opened.clear();
  }

  #open(): void {
    for (const [place, open] of this.#expected) {
      this.#expected.delete(place);
      if (!this.#opened.get(place)?.length) this.#keep(place, open());
    }
  }

  #keep(place: string, streams: readonly Duplex[]): void {
    this.#opened.set(place, [...(this.#opened.get(place) ?? []), ...streams]);
    const leave = () => {
      const opened = this.#opened.get(place) ?? [];
      for (const stream of streams.filter((each) => opened.includes(each))) stream.destroy();
    };
    setTimeout(leave, KEPT_MILLISECONDS).unref();
  }

  /** What is left of those that were opened. */
  #usable(place: string): Duplex[] {
    const usable = (this.#opened.get(place) ?? []).filter(
      ({ destroyed, readableEnded }) => !destroyed && !readableEnded,
    );
    this.#opened.set(place, usable);
    return usable;
  }
}

import type { Duplex } from "node:stream";
import { endpoint } from "#rollout/machine/connections.ts";

/** A server closes connections without a request after a while: Tomcat after 20 s. */
const KEPT_MILLISECONDS = 5_000;

/**
 * Connections to ports of a far server that will be needed soon. To open one takes a round trip, which is over before the
 * first request if it begins with what comes before that.
 */
export class ConnectionsAhead {
  readonly #connect: (address: string, port: number) => Duplex;
  /** What opens them. */
  readonly #expected = new Map<string, () => Duplex[]>();
  readonly #opened = new Map<string, Duplex[]>();
  #isFar = false;

  constructor(connect: (address: string, port: number) => Duplex) {
    this.#connect = connect;
  }

  /** Says that so many will be needed soon. */
  expect(address: string, port: number, count: number): void {
    const open = () => Array.from({ length: count }, () => this.#connect(address, port));
    this.#expected.set(endpoint(address, port), open);
    if (this.#isFar) this.#open();
  }

  /** To be called when the server has let us in, if it is far away. */
  begin(): void {
    this.#isFar = true;
    this.#open();
  }

  /** One that is open, or opening; `undefined` if there is none. */
  take(address: string, port: number): Duplex | undefined {
    const place = endpoint(address, port);
    this.#expected.delete(place);
    const opened = this.#opened.get(place) ?? [];
    for (let stream = opened.shift(); stream; stream = opened.shift())
      if (!stream.destroyed && !stream.readableEnded) return stream;
    return undefined;
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
      if (this.#opened.get(place)?.length) continue;
      const opened = open();
      this.#opened.set(place, opened);
      const leave = () => {
        for (const stream of opened.splice(0)) stream.destroy();
      };
      setTimeout(leave, KEPT_MILLISECONDS).unref();
    }
  }
}

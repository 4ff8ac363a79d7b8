import type { ClientRequest, IncomingMessage } from "node:http";
import { type RequestOptions, request } from "node:https";
import type { Duplex } from "node:stream";

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

/** Streams of the sample application that clients keep open: half of them websockets, half of them events. */
export class Streams {
  readonly #open = new Set<Duplex | IncomingMessage>();
  readonly #requests: ClientRequest[] = [];
  #ended = 0;
  #messages = 0;

  /** Returns once all of them have got their first message; at most 50. */
  static async open(url: string, options: RequestOptions, count: number): Promise<Streams> {
    const streams = new Streams();
    const wanted = Array.from({ length: Math.min(50, count) }, (_, index) =>
      index % 2 === 0 ? streams.#upgrade(`${url}/socket`, options) : streams.#listen(url, options),
    );
    await Promise.all(wanted);
    return streams;
  }

  get open(): number {
    return this.#open.size;
  }

  get ended(): number {
    return this.#ended;
  }

  get messages(): number {
    return this.#messages;
  }

  close(): void {
    for (const stream of this.#open) stream.destroy();
    for (const one of this.#requests) one.destroy();
  }

  #upgrade(url: string, options: RequestOptions): Promise<void> {
    return this.#watch(url, { ...options, headers: { ...options.headers, ...UPGRADE } }, "upgrade");
  }

  #listen(url: string, options: RequestOptions): Promise<void> {
    const headers = { ...options.headers, Accept: "text/event-stream" };
    return this.#watch(`${url}/events?seconds=600`, { ...options, headers }, "response");
  }

  #watch(url: string, options: RequestOptions, event: "upgrade" | "response"): Promise<void> {
    return new Promise((resolve, reject) => {
      const asked = request(url, { ...options, agent: false });
      this.#requests.push(asked);
      asked.on("error", reject);
      asked.on(event, (answer: IncomingMessage, socket: Duplex) => {
        const stream = event === "upgrade" ? socket : answer;
        if (event === "response" && answer.statusCode !== 200)
          reject(new Error(`${url}: ${answer.statusCode}`));
        this.#open.add(stream);
        stream.on("data", () => {
          this.#messages++;
          resolve();
        });
        stream.on("error", () => {});
        stream.once("close", () => {
          if (this.#open.delete(stream)) this.#ended++;
        });
      });
      asked.end();
    });
  }
}

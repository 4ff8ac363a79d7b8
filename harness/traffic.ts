import { Pool } from "undici";

/** A failed request of a client. */
export interface LostRequest {
  readonly request: string;
  readonly reason: string;
  readonly atSeconds: number;
}

/** When a request was sent, and how long its answer took. */
export interface Answered {
  readonly atSeconds: number;
  readonly milliseconds: number;
}

/** What clients saw. */
export interface TrafficReport {
  readonly sent: number;
  readonly lost: readonly LostRequest[];
  /** Answers by the version that gave them. */
  readonly versions: Readonly<Record<string, number>>;
  readonly longestMilliseconds: number;
  /** Every answered `GET /hello`. */
  readonly quick: readonly Answered[];
  /** Every answered `POST /orders`. */
  readonly orders: readonly Answered[];
}

type Method = "GET" | "POST";
const MIX: readonly (readonly [Method, string, number])[] = [
  ["GET", "/hello", 200],
  ["POST", "/orders", 201],
  ["GET", "/hello", 200],
  ["POST", "/orders", 201],
  ["GET", "/hello", 200],
  ["GET", "/slow?ms=500", 200],
  ["GET", "/hello", 200],
  ["POST", "/orders", 201],
  ["GET", "/hello", 200],
  ["GET", "/hello", 200],
];

/**
 * Constant traffic over keep-alive connections. Requests are sent at fixed times regardless of earlier answers, so that
 * a stall shows up as latency, not as fewer requests. Nothing is ever retried.
 */
export class Traffic {
  readonly #pool: Pool;
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  readonly #lost: LostRequest[] = [];
  readonly #versions: Record<string, number> = {};
  readonly #quick: Answered[] = [];
  readonly #orders: Answered[] = [];
  readonly #pending = new Set<Promise<void>>();
  #sent = 0;
  #longest = 0;

  /** At most 1,000 requests a second for at most ten minutes. */
  constructor(url: string, requestsPerSecond: number, options: Pool.Options = {}) {
    this.#pool = new Pool(url, { connections: 64, pipelining: 1, ...options });
    this.#timer = setInterval(() => this.#sendDue(Math.min(requestsPerSecond, 1000)), 5);
  }

  get sent(): number {
    return this.#sent;
  }

  /** Stops sending, waits for requests in flight, and reports. */
  async stop(): Promise<TrafficReport> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    await this.#pool.destroy();
    return {
      sent: this.#sent,
      lost: this.#lost,
      versions: this.#versions,
      longestMilliseconds: Math.round(this.#longest),
      quick: this.#quick,
      orders: this.#orders,
    };
  }

  #sendDue(requestsPerSecond: number): void {
    const elapsedSeconds = (performance.now() - this.#began) / 1000;
    if (elapsedSeconds > 600) return;
    while (this.#sent < elapsedSeconds * requestsPerSecond) {
      const request = this.#send(this.#sent++).finally(() => this.#pending.delete(request));
      this.#pending.add(request);
    }
  }

  async #send(index: number): Promise<void> {
    const [method, path, expected] = MIX[index % MIX.length] ?? MIX[0] ?? ["GET", "/", 200];
    const began = performance.now();
    const lose = (reason: string) =>
      this.#lost.push({ request: `${method} ${path}`, reason, atSeconds: (began - this.#began) / 1000 });
    try {
      const { statusCode, body } = await this.#pool.request({ method, path, headersTimeout: 20_000 });
      const text = await body.text();
      if (statusCode !== expected) lose(`${statusCode} ${text.slice(0, 100)}`);
      else this.#count(text);
    } catch (error) {
      lose(String(error));
    }
    const milliseconds = performance.now() - began;
    this.#longest = Math.max(this.#longest, milliseconds);
    const answered = { atSeconds: (began - this.#began) / 1000, milliseconds };
    if (path === "/hello") this.#quick.push(answered);
    if (path === "/orders") this.#orders.push(answered);
  }

  #count(text: string): void {
    const version = String(JSON.parse(text).version);
    this.#versions[version] = (this.#versions[version] ?? 0) + 1;
  }
}

import { z } from "zod";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Look, PlaceSum, RequestCounter } from "#rollout/ledger/requestCounter.ts";
import type { AskedPods, FrontPod } from "./frontPods.ts";

/** Clocks of nodes that differ by less are taken for the same. */
const SAME_CLOCK_SECONDS = 2;
/** Nothing is counted any more for a second that is so long ago. */
const SETTLED_SECONDS = 3;
const NOBODY = "-";

/** What a pod of nginx has counted: second, pod of the application, what, and how often so far. */
const answer = z.object({
  at: z.number(),
  rows: z.array(z.tuple([z.number(), z.string(), z.string(), z.number()])),
});

/** What is known of a pod of nginx. */
interface Known {
  readonly counts: Map<string, number>;
  /** The second until which all was read. */
  readUntil: number;
}

/**
 * The ledger of all pods of nginx in front of a workload, which come and go. Their counts only grow until they have been
 * read, so that a look that fails misses nothing. A roll that has lost its lease can neither read nor end what the next one
 * counts.
 */
export class FrontCounter implements RequestCounter {
  readonly name: string;
  readonly #pods: AskedPods;
  readonly #session: number;
  readonly #known = new Map<string, Known>();
  #unread: PlaceSum[] = [];
  #isOver = false;

  /** `session` is the generation of the roll's lease. */
  constructor(pods: AskedPods, session: number) {
    this.#pods = pods;
    this.#session = session;
    this.name = `Deployment ${pods.name}`;
  }

  /** What an earlier roll left is passed over. */
  async begin(): Promise<boolean> {
    const pods = (await this.#pods.list()).filter(({ isEnding, isReady }) => isReady && !isEnding);
    if (pods.length === 0) throw new RollgateError("no-nginx", "none of its pods is ready");
    await Promise.all(pods.map((pod) => this.#read(pod)));
    this.#unread = [];
    return true;
  }

  async look(): Promise<Look> {
    const pods = await this.#pods.list();
    const read = await Promise.allSettled(pods.map((pod) => this.#read(pod)));
    const failed = read.flatMap((each, index) =>
      each.status === "rejected" ? [{ reason: each.reason, name: pods[index]?.name }] : [],
    );
    if (failed.length > 0) {
      // One that clients don't come to any more, such as on a lost node, has told all but its last seconds.
      const serving = (await this.#pods.list()).filter(({ isReady, isEnding }) => isReady && !isEnding);
      const left = serving.map(({ name }) => name);
      const missing = failed.find(({ name = "" }) => left.includes(name));
      if (missing) throw missing.reason;
    }
    const sums = this.#unread;
    this.#unread = [];
    return { at: Math.floor(Date.now() / 1000), sums, isFull: false };
  }

  /** The next look is the last one. */
  async stop(): Promise<void> {
    this.#isOver = true;
  }

  async end(): Promise<void> {
    const over = Math.floor(Date.now() / 1000) + SETTLED_SECONDS;
    const pods = await this.#pods.list();
    await Promise.allSettled(pods.map((pod) => this.#pods.ask(pod, `${this.#path(over)}&end`)));
  }

  #path(before: number): string {
    return `/rollgate/ledger?session=${this.#session}&before=${before}`;
  }

  async #read({ name }: FrontPod): Promise<void> {
    const known = this.#known.get(name) ?? { counts: new Map(), readUntil: 0 };
    this.#known.set(name, known);
    const path = `${this.#path(known.readUntil)}${this.#isOver ? "&end" : ""}`;
    const { at, rows } = answer.parse(await this.#pods.ask({ name }, path));
    const ahead = at - Date.now() / 1000;
    const skew = Math.abs(ahead) <= SAME_CLOCK_SECONDS ? 0 : Math.round(ahead);
    const sums = new Map<string, Sum>();
    for (const [second, place, what, count] of rows) {
      const key = `${second} ${place} ${what}`;
      const before = known.counts.get(key) ?? 0;
      known.counts.set(key, count);
      // Less than before means that nginx was started again.
      const more = count >= before ? count - before : count;
      if (more === 0) continue;
      const sum = sums.get(`${second} ${place}`) ?? emptySum(second - skew, place);
      sums.set(`${second} ${place}`, sum);
      if (/^\d+$/.test(what)) sum.latency[Number(what)] = (sum.latency[Number(what)] ?? 0) + more;
      else if (isCount(what)) sum[what] += more;
    }
    this.#unread.push(...sums.values());
    known.readUntil = at - SETTLED_SECONDS;
    for (const key of known.counts.keys()) {
      if (Number(key.split(" ")[0]) < known.readUntil - SETTLED_SECONDS) known.counts.delete(key);
    }
  }
}

const COUNTS = ["requests", "lost", "errors", "cut", "retries", "bytes"] as const;
type Count = (typeof COUNTS)[number];
type Sum = Record<Count, number> & {
  readonly second: number;
  readonly place?: string;
  readonly latency: Record<number, number>;
};

function isCount(what: string): what is Count {
  return COUNTS.some((count) => count === what);
}

function emptySum(second: number, place: string): Sum {
  const counts = { requests: 0, lost: 0, errors: 0, cut: 0, retries: 0, bytes: 0 };
  return { second, ...(place !== NOBODY && { place }), ...counts, latency: {} };
}

import { messageOf } from "../common/errors.ts";
import { plainLine } from "../common/plainLine.ts";
import { secondsSince } from "../common/secondsSince.ts";
import type { Slot } from "../host/appHost.ts";
import type { WarmUp } from "../request/warmUp.ts";

/** More would compete with the requests of clients for the processors of a machine that others share. */
const AT_ONCE = 4;
/** The typical time of so many requests at the end, rather than that of the very last one. */
const LAST = 10;

/** What came of a warm-up. */
export interface WarmedUp {
  /** One line, such as `200 requests in 4.1 s, the last took 6 ms (the first 310 ms)`. */
  readonly message: string;
  /** Whether no request was answered as it should be. */
  readonly inVain: boolean;
}

/**
 * Sends requests to an application that takes no traffic yet, a few at a time, one path after the other. Any answer
 * below 500 counts. Never throws: the gates decide whether a release is good.
 */
export async function warmUp(
  slot: Pick<Slot, "visit">,
  { paths, requests, seconds }: WarmUp,
  signal: AbortSignal,
): Promise<WarmedUp> {
  const began = performance.now();
  const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const took: number[] = [];
  const failures: string[] = [];
  let next = 0;
  const visitor = async () => {
    while (next < requests && !over.aborted) {
      const path = paths[next++ % paths.length] ?? "/";
      const sent = performance.now();
      const failure = await visit(slot, path, over);
      // A request that the end of the time cut off is neither.
      if (over.aborted) return;
      if (failure === undefined) took.push(performance.now() - sent);
      else failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  const message = `${describeTotal(took, failures)} in ${secondsSince(began)} s${describeTimes(took)}`;
  return { message, inVain: took.length === 0 };
}

async function visit(slot: Pick<Slot, "visit">, path: string, signal: AbortSignal) {
  try {
    const status = await slot.visit(path, signal);
    return status < 500 ? undefined : `${status} from ${path}`;
  } catch (error) {
    return plainLine(messageOf(error));
  }
}

function describeTotal(took: readonly number[], failures: readonly string[]): string {
  const total = took.length + failures.length;
  const requests = total === 1 ? "1 request" : `${total} requests`;
  const [first] = failures;
  if (first === undefined) return requests;
  return `${requests}, ${took.length === 0 ? "all" : failures.length} failed (${first}),`;
}

function describeTimes(took: readonly number[]): string {
  const [first] = took;
  if (first === undefined) return "";
  const last = took.slice(-LAST).toSorted((a, b) => a - b);
  const typical = last[Math.floor(last.length / 2)] ?? first;
  return `, the last took ${Math.round(typical)} ms (the first ${Math.round(first)} ms)`;
}

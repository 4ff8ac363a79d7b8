import { setTimeout as sleep } from "node:timers/promises";
import type { PollOptions } from "./poll.ts";

/** How often to ask, and what may bring the next question forward. */
export interface AskOptions extends PollOptions {
  /** Called once every answer so far is judged: the next question is asked as soon as this resolves, but never later. */
  readonly sooner?: (signal: AbortSignal) => Promise<void> | undefined;
}

/** How many questions may be on their way. */
const AT_ONCE = 2;

/**
 * Asks every so often, without waiting for an answer that is long on its way, and judges the answers in the order of the
 * questions until `judge` returns something other than `undefined`; returns that, or `undefined` once the deadline has
 * passed and what was asked before it is answered. The first question is asked at once, none after the deadline.
 */
export async function askAhead<Answer, T>(
  ask: () => Promise<Answer>,
  judge: (answer: Answer) => T | undefined | Promise<T | undefined>,
  { intervalMilliseconds, deadlineMilliseconds, signal, sooner }: AskOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + deadlineMilliseconds;
  const asked: Promise<Answer>[] = [];
  let next = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    const now = performance.now();
    const mayAsk = next <= deadline && asked.length < AT_ONCE;
    if (mayAsk && now >= next) {
      const answer = ask();
      // It may be left behind.
      answer.catch(() => {});
      asked.push(answer);
      next = now + intervalMilliseconds;
      continue;
    }
    const [first] = asked;
    if (!first && !mayAsk) return undefined;
    // A question that failed is answered, too.
    const answered = first?.then(yes, yes);
    const coming = (ending: AbortSignal) => answered ?? sooner?.(ending)?.then(yes);
    const isThere = await isThereBefore(coming, mayAsk ? next - now : undefined, signal);
    if (!first) next = Math.min(next, performance.now());
    if (!first || !isThere) continue;
    asked.shift();
    const judged = await judge(await first);
    if (judged !== undefined) return judged;
  }
}

/** Waits for something that is coming, but only so long if there is a limit; returns whether it came. */
async function isThereBefore(
  coming: (ending: AbortSignal) => Promise<boolean> | undefined,
  milliseconds: number | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const ended = new AbortController();
  const ending = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal;
  const late = milliseconds === undefined ? undefined : sleep(milliseconds, false, { signal: ending });
  const either = [coming(ending), late].filter((each) => each !== undefined);
  for (const each of either) each.catch(() => {});
  try {
    return await Promise.race(either);
  } finally {
    ended.abort();
  }
}

function yes(): boolean {
  return true;
}

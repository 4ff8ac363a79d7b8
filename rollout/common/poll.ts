import { setTimeout as sleep } from "node:timers/promises";

/** How often and for how long to poll. */
export interface PollOptions {
  readonly intervalMilliseconds: number;
  readonly deadlineMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `attempt` every so often until it returns something other than `undefined`, and returns that; returns `undefined` once the
 * deadline has passed. The first attempt starts at once, none starts after the deadline.
 */
export async function poll<T>(
  attempt: () => Promise<T | undefined>,
  options: PollOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + options.deadlineMilliseconds;
  for (;;) {
    options.signal?.throwIfAborted();
    const began = performance.now();
    const answer = await attempt();
    if (answer !== undefined) return answer;
    // What an answer takes counts: one that is long on its way would make it less often.
    const pause = Math.max(0, began + options.intervalMilliseconds - performance.now());
    if (performance.now() + pause > deadline) return undefined;
    await sleep(pause, undefined, { signal: options.signal });
  }
}

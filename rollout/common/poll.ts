import { setTimeout as sleep } from "node:timers/promises";

/** How often and for how long to ask. */
export interface PollOptions {
  readonly intervalMilliseconds: number;
  readonly deadlineMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks until `attempt` answers something other than `undefined`, and gives that answer;
 * gives `undefined` once the deadline has passed. The first attempt is made at once,
 * the last one never starts after the deadline.
 */
export async function poll<T>(
  attempt: () => Promise<T | undefined>,
  options: PollOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + options.deadlineMilliseconds;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await attempt();
    if (answer !== undefined) return answer;
    if (performance.now() + options.intervalMilliseconds > deadline) return undefined;
    await sleep(options.intervalMilliseconds, undefined, { signal: options.signal });
  }
}

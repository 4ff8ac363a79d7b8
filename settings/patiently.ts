import { setTimeout as sleep } from "node:timers/promises";
import { InvalidInput } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";

/** How long machines may be away before that is a failure, and who is told at the first time. */
export interface Patience {
  readonly seconds: number;
  readonly betweenMilliseconds: number;
  readonly onWait: (reason: string) => void;
}

export const NO_PATIENCE: Patience = { seconds: 0, betweenMilliseconds: 0, onWait: () => {} };

/** Asks again if machines are away and nothing else is wrong: servers that were made a moment ago may still start. */
export async function patiently<T>(
  ask: () => Promise<T>,
  { seconds, betweenMilliseconds, onWait }: Patience,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      const cause = error instanceof InvalidInput ? error.cause : undefined;
      const isAway = cause instanceof MachineUnreachable;
      if (!isAway || performance.now() + betweenMilliseconds >= deadline) throw error;
      if (isFirst) onWait(cause.message);
    }
    await sleep(betweenMilliseconds);
  }
}

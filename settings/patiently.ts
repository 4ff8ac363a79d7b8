import { setTimeout as sleep } from "node:timers/promises";
import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";

/** How long machines may be away before that is a failure, and who is told at the first time. */
export interface Patience {
  readonly seconds: number;
  /** How long those that answer may refuse the login, since accounts may still be made; not at all by default. */
  readonly refusedSeconds?: number;
  readonly betweenMilliseconds: number;
  readonly onWait: (reason: string, atMostSeconds: number) => void;
}

export const NO_PATIENCE: Patience = { seconds: 0, betweenMilliseconds: 0, onWait: () => {} };

/** Asks again if machines are away and nothing else is wrong: servers that were made a moment ago may still start. */
export async function patiently<T>(
  ask: () => Promise<T>,
  { seconds, refusedSeconds = 0, betweenMilliseconds, onWait }: Patience,
): Promise<T> {
  const began = performance.now();
  const told = new Set<string>();
  let refusedAt: number | undefined;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const cause = error instanceof InvalidInput ? error.cause : undefined;
      const isAway = cause instanceof MachineUnreachable;
      if (!(isAway || isRefusal(cause))) throw error;
      if (!isAway) refusedAt ??= performance.now();
      const end = Math.min(
        began + seconds * 1000,
        isAway || refusedAt === undefined ? Number.POSITIVE_INFINITY : refusedAt + refusedSeconds * 1000,
      );
      if (performance.now() + betweenMilliseconds >= end) throw error;
      if (!told.has(cause.code)) onWait(cause.message, Math.round((end - performance.now()) / 1000));
      told.add(cause.code);
    }
    await sleep(betweenMilliseconds);
  }
}

function isRefusal(error: unknown): error is RollgateError {
  return error instanceof RollgateError && error.code === "login-refused";
}

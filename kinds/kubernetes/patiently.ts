import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "#rollout/common/errors.ts";

/** How long the API may be silent, such as while a control plane is upgraded. */
const SILENCE_MILLISECONDS = 120_000;
const PAUSE_MILLISECONDS = 500;

/** Asks the API again if it can't be reached for a moment: an answer is missing; nothing has failed. */
export async function patiently<T>(
  ask: () => Promise<T>,
  onSilence: (error: RollgateError) => void = () => {},
  signal?: AbortSignal,
): Promise<T> {
  for (const began = performance.now(); ; ) {
    try {
      return await ask();
    } catch (error) {
      const isSilent = error instanceof RollgateError && error.code !== "cluster-forbids";
      if (!isSilent || performance.now() - began > SILENCE_MILLISECONDS) throw error;
      onSilence(error);
      await sleep(PAUSE_MILLISECONDS, undefined, { signal });
    }
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AnsweredTime } from "./answeredTime.ts";
import { Unjudged } from "./unjudged.ts";

/** How long the API may be silent, such as while a control plane is upgraded. */
const SILENCE_SECONDS = 120;
const PAUSE_MILLISECONDS = 500;

/** Who else wants to know of the silence of the API. */
export interface Patience {
  onSilence?(error: RollgateError): void;
  readonly time?: Pick<AnsweredTime, "heard" | "missed">;
  readonly signal?: AbortSignal;
}

/**
 * Asks the API again if it can't be reached for a moment: an answer is missing; nothing has failed. Throws `Unjudged` after
 * two minutes.
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  { onSilence, time, signal }: Patience = {},
): Promise<T> {
  for (const began = performance.now(); ; ) {
    try {
      const answer = await ask();
      time?.heard();
      return answer;
    } catch (error) {
      if (!isSilence(error)) throw error;
      time?.missed();
      if (performance.now() - began > SILENCE_SECONDS * 1000) throw silenceOf(error);
      onSilence?.(error);
      await sleep(PAUSE_MILLISECONDS, undefined, { signal });
    }
  }
}

/** Whether the API may answer the same question later. */
export function isSilence(error: unknown): error is RollgateError {
  return error instanceof RollgateError && error.code !== "cluster-forbids";
}

function silenceOf(cause: RollgateError): Unjudged {
  const message = `${messageOf(cause)}, for ${SILENCE_SECONDS} s now, which says nothing about the release`;
  return new Unjudged("cluster-silent", message, { cause });
}

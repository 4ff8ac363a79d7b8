import { messageOf, RollgateError } from "../common/errors.ts";
import type { RunningApp, Slot } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";

/** An answer that takes longer comes from something that listens. */
const SLOW_ANSWER_MILLISECONDS = 20;

export const ENDED = "the process ended by itself";

/**
 * If a host cannot be reached for a moment, an answer is missing; the release has not failed. `onSlow` is called if the
 * answer takes long.
 */
export async function askRunning(
  slot: Slot,
  release: string,
  signal: AbortSignal,
  onSlow?: () => void,
): Promise<HealthReport | "exited"> {
  let running: RunningApp | undefined;
  // At the same time, since each may cost a round trip; the answer of another process does not count.
  const probing = slot.probe(signal);
  const slow = onSlow && setTimeout(onSlow, SLOW_ANSWER_MILLISECONDS);
  const isAnswered = () => clearTimeout(slow);
  probing.then(isAnswered, isAnswered);
  try {
    running = await slot.runningApp();
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return { up: false, detail: messageOf(error) };
  }
  return running?.release === release ? probing : "exited";
}

import { messageOf, RollgateError } from "../common/errors.ts";
import type { RunningApp, Slot } from "../host/appHost.ts";
import type { HealthReport } from "../host/probe.ts";

export const ENDED = "the process ended by itself";

/** What is done if an answer takes so long. */
interface WhenSlow {
  readonly milliseconds: number;
  readonly call: () => void;
}

/** If a host cannot be reached for a moment, an answer is missing; the release has not failed. */
export async function askRunning(
  slot: Slot,
  release: string,
  signal: AbortSignal,
  whenSlow?: WhenSlow,
): Promise<HealthReport | "exited"> {
  let running: RunningApp | undefined;
  // At the same time, since each may cost a round trip; the answer of another process does not count.
  const probing = slot.probe(signal);
  const slow = whenSlow && setTimeout(whenSlow.call, whenSlow.milliseconds);
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

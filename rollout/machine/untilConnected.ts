import type { Machine } from "./machine.ts";

const MAX_QUESTIONS = 5;
const ANSWER_MILLISECONDS = 5_000;

/**
 * Asks something through a machine. If it fails because the connection to the machine itself broke, that says nothing
 * about the answer, so it asks again with a new deadline.
 */
export async function untilConnected<T>(
  machine: Machine,
  ask: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  let allowed = signal;
  for (let asked = 1; ; asked++) {
    const { opened } = machine;
    try {
      return await ask(allowed);
    } catch (error) {
      if (opened === undefined || asked === MAX_QUESTIONS) throw error;
      await machine.run("true", []);
      if (machine.opened === opened) throw error;
      allowed = AbortSignal.timeout(ANSWER_MILLISECONDS);
    }
  }
}

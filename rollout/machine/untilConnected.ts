import type { Machine } from "./machine.ts";

const MAX_QUESTIONS = 5;
const ANSWER_MILLISECONDS = 5_000;

/**
 * Asks something on a machine. What failed while the connection to the machine itself broke says nothing of what was
 * asked: it is asked again, in its own time.
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

import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "./cluster.ts";

const ATTEMPTS = 10;
const PAUSE_MILLISECONDS = 50;

/**
 * Reads an object, changes and stores it; does so again whenever somebody else was faster, such as a controller, which
 * writes the status of a Deployment several times a second while pods come and go.
 */
export async function despiteOthers<T>(change: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change(attempt);
    } catch (error) {
      if (attempt === ATTEMPTS || !isRefusal(error, 409)) throw error;
      await sleep(attempt * PAUSE_MILLISECONDS);
    }
  }
}

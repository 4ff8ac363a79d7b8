import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "./cluster.ts";
import { MaybeStored } from "./maybeStored.ts";

const ATTEMPTS = 10;
/** How many of them may be left open by the API. */
const OPEN_ATTEMPTS = 3;
const PAUSE_MILLISECONDS = 50;

/**
 * Reads an object, changes and stores it; does so again whenever somebody else was faster, such as a controller, which
 * writes the status of a Deployment several times a second while pods come and go, and when the API has left open whether
 * it is stored: a second look tells. So `change` must come to the same if it is repeated.
 */
export async function despiteOthers<T>(change: (attempt: number) => Promise<T>): Promise<T> {
  const open: MaybeStored[] = [];
  for (let attempt = 1; ; attempt++) {
    try {
      return await change(attempt);
    } catch (error) {
      if (error instanceof MaybeStored) open.push(error);
      const isToRepeat = error instanceof MaybeStored ? open.length < OPEN_ATTEMPTS : isRefusal(error, 409);
      if (attempt < ATTEMPTS && isToRepeat) await sleep(attempt * PAUSE_MILLISECONDS);
      else
        throw open[0] && !(error instanceof MaybeStored) ? new MaybeStored(open[0].deployment, error) : error;
    }
  }
}

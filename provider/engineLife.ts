import { ignoreBrokenPipe } from "./ignoreBrokenPipe.ts";
import { failPlainly } from "./plainFailures.ts";
import { watchEngine } from "./watchEngine.ts";

/** Long enough for a last line in the log and for connections to close. */
const FAREWELL_MILLISECONDS = 1_000;

/**
 * Pulumi passes its own address to the provider process, whose life is that of this module: loaded with the first
 * method that is called, it ends the process soon after the engine has gone. Without this, a provider whose engine was
 * killed (`pulumi preview | head`) would wait for further calls forever.
 */
const { signal } = watchEngine(process.argv[2]);
let changes = 0;
signal.addEventListener("abort", endUnlessBusy);
failPlainly();

/**
 * Makes a change that the loss of the engine must not cut in half: the process ends after it. A change that can stop
 * earlier gets the signal to do so at its next safe point.
 */
export async function finishWithoutEngine<T>(change: (signal: AbortSignal) => Promise<T>): Promise<T> {
  changes++;
  ignoreBrokenPipe();
  try {
    return await change(signal);
  } finally {
    changes--;
    if (signal.aborted) endUnlessBusy();
  }
}

function endUnlessBusy(): void {
  if (changes === 0) setTimeout(() => changes === 0 && process.exit(1), FAREWELL_MILLISECONDS).unref();
}

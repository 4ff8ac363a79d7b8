import module from "node:module";
import { ignoreBrokenPipe } from "./ignoreBrokenPipe.ts";
import { failPlainly } from "./plainFailures.ts";
import { watchEngine } from "./watchEngine.ts";

/** Time for a last line in the log and for connections to close. */
const FAREWELL_MILLISECONDS = 1_000;
/** Most modules are loaded by the first call, the rest by the first roll. */
const COMPILED_MILLISECONDS = [1_000, 5_000];

/**
 * Ends this provider process soon after Pulumi's engine is gone; the engine passes its address as an argument.
 * Otherwise, a provider whose engine was killed (`pulumi preview | head`) would wait for calls forever.
 */
const { signal } = watchEngine(process.argv[2]);
let changes = 0;
signal.addEventListener("abort", endUnlessBusy);
failPlainly();
// Pulumi kills this process, and only at its end would Node.js write down what it has compiled; Node.js 20 never does.
for (const after of COMPILED_MILLISECONDS) setTimeout(() => module.flushCompileCache?.(), after).unref();

/**
 * Makes a change that must not be cut off if Pulumi's engine is lost; the process ends afterwards. `signal` lets a
 * change stop earlier, at its next safe point.
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

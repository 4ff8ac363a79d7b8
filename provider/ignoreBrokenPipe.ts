import { isSystemError } from "#rollout/common/errors.ts";

/**
 * Lets this process go on when nobody reads what it prints any more: the pipes of a provider break when its
 * engine is killed. Pulumi prints each uncaught error, and to print it would be the next one: without this, an
 * orphan does nothing else for ever, in the middle of a host and with the lease in its hands.
 */
export function ignoreBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(swallowBrokenPipe)) stream.on("error", swallowBrokenPipe);
  }
}

function swallowBrokenPipe(error: Error): void {
  if (!isSystemError(error, "EPIPE")) throw error;
}

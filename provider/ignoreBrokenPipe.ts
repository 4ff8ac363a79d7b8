import { isSystemError } from "#rollout/common/errors.ts";

/**
 * Keeps this process working if nobody reads its output any more, because Pulumi's engine was killed. Pulumi prints
 * each uncaught error, which would cause the next one: an orphan would do nothing else, in the middle of a roll and
 * with the lease in its hands.
 */
export function ignoreBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners("error").includes(swallowBrokenPipe)) stream.on("error", swallowBrokenPipe);
  }
}

function swallowBrokenPipe(error: Error): void {
  if (!isSystemError(error, "EPIPE")) throw error;
}

/** Pulumi's SDK notes a stack trace for each of its promises, in case that one never settles. */
const NOTED_BY = /[\\/]@pulumi[\\/]pulumi[\\/]runtime[\\/]debuggable\.js$/;
const ours = new WeakSet<NonNullable<typeof Error.prepareStackTrace>>();

/**
 * Leaves those stack traces out, since Pulumi translates each of their lines by source maps, which takes longer than all
 * else that a program does for a resource. Other errors keep theirs.
 */
export function leaveOutStacksOfPromises(): void {
  const { prepareStackTrace } = Error;
  if (!prepareStackTrace || ours.has(prepareStackTrace) || process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const prepare: typeof prepareStackTrace = (error, frames) =>
    NOTED_BY.test(frames[0]?.getFileName() ?? "") ? "" : prepareStackTrace(error, frames);
  ours.add(prepare);
  Error.prepareStackTrace = prepare;
}

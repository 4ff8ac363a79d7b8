import { GateFailed } from "../common/errors.ts";
import type { HookPoint } from "../request/hooks.ts";

/** A hook ended with an exit code other than 0, or not in time, or could not be run. */
export class HookFailed extends GateFailed {
  constructor(
    point: HookPoint,
    command: string,
    what: string,
    lastLines: readonly string[],
    cause?: unknown,
  ) {
    const last = lastLines.at(-1);
    const said = last === undefined ? "" : `: ${last}`;
    super("hook-failed", `the ${point} hook "${command}" ${what}${said}`, lastLines, { cause });
  }
}

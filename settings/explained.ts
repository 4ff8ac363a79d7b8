import * as pulumi from "#kinds/pulumi.ts";
import { InvalidInput, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { settingOf } from "./settingOf.ts";

/** Combines errors into one with a line each, printed without a stack trace; a bug of ours is returned as it is. `prefix` stands before a setting. */
export function explained(prefix: string, ...errors: readonly unknown[]): unknown {
  const bug = errors.find((error) => !(error instanceof RollgateError));
  if (bug !== undefined) return bug;
  const lines = errors.map((error) =>
    error instanceof InvalidInput
      ? `${prefix}${settingOf(error.property)}: ${error.reason}`
      : messageOf(error),
  );
  return new pulumi.RunError(lines.map((line) => `${line}. Nothing was changed.`).join("\n"));
}

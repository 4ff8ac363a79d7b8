import * as pulumi from "@pulumi/pulumi";
import { InvalidInput } from "#rollout/common/errors.ts";
import { settingOf } from "./settingOf.ts";

/** What is wrong with the settings, a line each that names one; Pulumi prints it without a stack trace. */
export function explained(...errors: readonly unknown[]): unknown {
  const other = errors.find((error) => !(error instanceof InvalidInput));
  if (other !== undefined) return other;
  const lines = errors
    .filter((error) => error instanceof InvalidInput)
    .map(
      ({ property, reason }) =>
        `${pulumi.getProject()}:${settingOf(property)}: ${reason}. Nothing was changed.`,
    );
  return new pulumi.RunError(lines.join("\n"));
}

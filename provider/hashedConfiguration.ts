import { createHash } from "node:crypto";
import type { Values } from "#kinds/change.ts";

const HASH = /^sha256:[0-9a-f]{64}$/;

/**
 * Leaves the hash of a configuration, which tells whether it has changed. Its text, long for many hosts, is in the inputs
 * alone, where a preview takes it from.
 */
export function hashedConfiguration<T extends Values>(values: T): T {
  const { configuration } = values;
  if (typeof configuration !== "string" || HASH.test(configuration)) return values;
  return { ...values, configuration: `sha256:${createHash("sha256").update(configuration).digest("hex")}` };
}

/** Whether these outputs still have the text, as those of earlier versions have. */
export function hasText({ configuration }: Values): boolean {
  return typeof configuration === "string" && !HASH.test(configuration);
}

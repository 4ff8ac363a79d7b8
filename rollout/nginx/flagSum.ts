import { createHash } from "node:crypto";

/**
 * The file, next to the flags, that exists only while exactly these are raised. It lets nginx look at one file instead of
 * one per slot. Whoever changes a flag removes it first and writes the new one afterwards, as `sum-flags.sh` does.
 */
export function flagSum(flags: readonly string[]): string {
  const lines = flags.toSorted().map((flag) => `${flag}\n`);
  return `.sum.${createHash("sha256").update(lines.join("")).digest("hex")}`;
}

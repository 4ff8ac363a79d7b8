import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "#rollout/common/errors.ts";

/** Removes a directory and the `levels` above it, as far as they are empty: what others put there stays. */
export async function removeEmpty(directory: string, levels: number): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTEMPTY", "EEXIST")) return;
    throw error;
  }
  if (levels > 0) await removeEmpty(dirname(directory), levels - 1);
}

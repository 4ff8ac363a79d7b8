import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "#rollout/common/errors.ts";
import type { Revision } from "#rollout/host/appHost.ts";
import { revisionSchema } from "#rollout/release/revision.ts";

/** What last passed all gates on a host: the file `good.json` in its folder, or `undefined` if nothing ever did. */
export async function readGoodTarget(directory: string): Promise<Revision | undefined> {
  try {
    return revisionSchema.parse(JSON.parse(await readFile(join(directory, "good.json"), "utf8")));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Replaces it; a reader sees the old one or the new one. */
export async function writeGoodTarget(directory: string, good: Revision): Promise<void> {
  const file = join(directory, "good.json");
  await writeFile(`${file}.new`, JSON.stringify(good), { mode: 0o644 });
  await rename(`${file}.new`, file);
}

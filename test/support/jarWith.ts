import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Jar } from "#rollout/release/jar.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A file that passes for a jar as long as nobody opens it. */
export async function jarWith(content: string, version = "1.0.0", name = "app.jar"): Promise<Jar> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, content);
  return { path, version, sha256: createHash("sha256").update(content).digest("hex") };
}

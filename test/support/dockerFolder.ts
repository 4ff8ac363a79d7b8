import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** The docker CLI's own folder, with contexts in it as the CLI stores them. */
export interface DockerFolder {
  readonly folder: string;
  /** Where the key pair of a context goes. */
  tlsOf(name: string): string;
  addContext(name: string, meta: unknown): Promise<void>;
}

export async function dockerFolder(config?: unknown): Promise<DockerFolder> {
  const folder = await temporaryDirectory();
  const idOf = (name: string) => createHash("sha256").update(name).digest("hex");
  if (config !== undefined) {
    const text = typeof config === "string" ? config : JSON.stringify(config);
    await writeFile(join(folder, "config.json"), text);
  }
  return {
    folder,
    tlsOf: (name) => join(folder, "contexts", "tls", idOf(name), "docker"),
    addContext: async (name, meta) => {
      const place = join(folder, "contexts", "meta", idOf(name));
      await mkdir(place, { recursive: true });
      await writeFile(join(place, "meta.json"), JSON.stringify(meta));
    },
  };
}

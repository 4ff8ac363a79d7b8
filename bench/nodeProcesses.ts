import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const note = z.object({
  role: z.enum(["program", "providers"]),
  began: z.number(),
  /** In seconds, as is the time on a processor. */
  lived: z.number(),
  processor: z.number(),
  /** The same of the processes that it has started, such as `ssh`, and that have ended. */
  children: z.number(),
  /** The most memory that it had. */
  megabytes: z.number(),
});

/** A Node.js process that Pulumi started. */
export type NodeProcess = z.infer<typeof note>;

/** Runs some work, and returns the Node.js processes that Pulumi starts meanwhile, the first one first. */
export async function nodeProcesses(folder: string, work: () => Promise<unknown>): Promise<NodeProcess[]> {
  await mkdir(folder);
  const { href } = new URL("./noteProcess.ts", import.meta.url);
  const { NODE_OPTIONS } = process.env;
  Object.assign(process.env, {
    NODE_OPTIONS: `--import ${href}`,
    ROLLGATE_BENCH_PROCESSES: folder,
  });
  try {
    await work();
    const names = await readdir(folder);
    const notes = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    return notes.map((text) => note.parse(JSON.parse(text))).sort((a, b) => a.began - b.began);
  } finally {
    process.env.NODE_OPTIONS = NODE_OPTIONS ?? "";
    await rm(folder, { recursive: true });
  }
}

import { run } from "../../tools/run.ts";

/** Runs npm in a folder, without scripts and advice. */
export async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  await run("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund"], { cwd });
}

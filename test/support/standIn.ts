import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** Puts a script in the place of a command until the test ends; returns the folder that it is in, which the script may use. */
export async function standIn(command: string, script: (directory: string) => string): Promise<string> {
  const directory = await temporaryDirectory();
  const file = join(directory, command);
  await writeFile(file, script(directory));
  await chmod(file, 0o755);
  vi.stubEnv("PATH", `${directory}${delimiter}${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return directory;
}

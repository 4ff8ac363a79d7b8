import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onTestFinished, type TestContext } from "vitest";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const run = promisify(execFile);

/** A directory with only 64 kB of space; skips the test if it can't be created. */
export async function tinyDirectory(context: TestContext): Promise<string> {
  const directory = await temporaryDirectory();
  const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory]).then(
    () => true,
    () => false,
  );
  context.skip(!mounted, "only root can mount a tiny file system");
  onTestFinished(() => run("umount", [directory]).then(() => {}));
  return directory;
}

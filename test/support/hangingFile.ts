import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, renameSync, rmSync } from "node:fs";
import { isSystemError } from "#rollout/common/errors.ts";

/** A file that hangs whoever reads it, as one on a dead network disk does, until it is mended: a pipe without a writer. */
export function hangFile(path: string): { mend(): void } {
  const aside = `${path}.aside`;
  renameSync(path, aside);
  execFileSync("mkfifo", [path]);
  return {
    mend: () => {
      try {
        closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
      } catch (error) {
        // Whoever hung on it has ended.
        if (!isSystemError(error, "ENXIO")) throw error;
      } finally {
        rmSync(path);
        renameSync(aside, path);
      }
    },
  };
}

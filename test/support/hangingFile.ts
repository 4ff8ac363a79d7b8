import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, renameSync, rmSync } from "node:fs";
import { isSystemError } from "#rollout/common/errors.ts";

/** A file that blocks its readers, like one on a dead network drive: a pipe without a writer, until it is repaired. */
export function hangFile(path: string): { mend(): void } {
  const aside = `${path}.aside`;
  renameSync(path, aside);
  execFileSync("mkfifo", [path]);
  return {
    mend: () => {
      try {
        closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
      } catch (error) {
        // Its blocked reader is gone.
        if (!isSystemError(error, "ENXIO")) throw error;
      } finally {
        rmSync(path);
        renameSync(aside, path);
      }
    },
  };
}

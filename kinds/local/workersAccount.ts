import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSystemError } from "#rollout/common/errors.ts";

const MAY_PASS = 0o001;

/**
 * The account that must be named for nginx's workers, which look at the flag files on every request. Started by
 * root, nginx has an unprivileged account of its own for them; only where that could not reach the flag files,
 * below a private folder, the workers stay root. Anybody else's workers run as that user.
 */
export function workersAccount(directory: string): { user?: "root" } {
  const isRoot = process.getuid?.() === 0;
  return isRoot && !isOpen(join(directory, "drained")) ? { user: "root" } : {};
}

/** Whether every account may pass this folder and those above it, as they are or as they would be made. */
function isOpen(directory: string): boolean {
  const parent = dirname(directory);
  return (modeOf(directory) & MAY_PASS) !== 0 && (parent === directory || isOpen(parent));
}

function modeOf(directory: string): number {
  try {
    return statSync(directory).mode;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return 0o755 & ~process.umask();
    throw error;
  }
}

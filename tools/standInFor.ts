import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Passes signals on to the child, and exits the way the child exits. */
export function standInFor(child: ChildProcess): void {
  // A terminal sends Ctrl-C to the child as well, and npm sends it here again; Pulumi aborts at a second one.
  process.on("SIGINT", () => hasTerminal() || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

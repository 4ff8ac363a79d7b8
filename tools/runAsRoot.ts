import { run } from "./run.ts";

/** Runs a command as root, optionally with NAME=value before it. */
export async function runAsRoot(...command: string[]) {
  return isRoot() ? run("env", command) : run("sudo", ["-n", "env", ...command]);
}

/** Whether `runAsRoot` works here without asking for a password. */
export async function mayBeRoot(): Promise<boolean> {
  return runAsRoot("true").then(
    () => true,
    () => false,
  );
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

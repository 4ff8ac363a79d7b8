import { spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** A script that reports when it runs and then does nothing. */
export const IDLE = `console.log("ready"); setInterval(() => {}, 1000);`;

/** A script that reports when it listens on a port. */
export function listenOn(port: number, address = "127.0.0.1"): string {
  return `require("node:net").createServer().listen(${port}, "${address}", () => console.log("ready"));`;
}

/** A Node process that runs `script` and has reported that it is ready; killed after the test. */
export async function startNode(
  script: string,
  options: {
    readonly args?: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
    readonly enter?: readonly string[] | undefined;
  } = {},
): Promise<{ readonly pid: number; end(): Promise<void> }> {
  const { args = [], env = {}, enter = [] } = options;
  const [command = "", ...words] = [...enter, process.execPath, "-e", script, "--", ...args];
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("node did not start");
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  onTestFinished(end);
  await once(child.stdout, "data");
  return { pid, end };
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";

const run = promisify(execFile);

/** Runs the docker command, which honours DOCKER_HOST and contexts; gives what it printed. */
export async function docker(args: readonly string[], timeoutMilliseconds = 60_000): Promise<string> {
  const { stdout } = await run("docker", args, { timeout: timeoutMilliseconds });
  return stdout.trim();
}

/** What a container has written, line by line. */
export async function containerLog(container: string): Promise<string[]> {
  const { stdout, stderr } = await run("docker", ["logs", container]);
  return `${stdout}${stderr}`.split("\n").filter(Boolean);
}

/** Why there is no Docker engine to test with, or `undefined` when there is one. */
export async function noDocker(): Promise<string | undefined> {
  if (!(await findExecutable("docker"))) return "this machine has no docker command";
  return docker(["version", "--format", "{{.Server.Version}}"], 10_000).then(
    () => undefined,
    () => "no Docker engine answers",
  );
}

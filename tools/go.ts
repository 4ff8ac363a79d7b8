import { inRepository } from "./inRepository.ts";
import { run } from "./run.ts";

/** Runs Go in one of the tool modules, whose go.mod and go.sum pin what it builds. */
export async function go(module: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off" };
  const { stdout } = await run("go", args, { cwd: inRepository("tools", module), env });
  return stdout.trim();
}

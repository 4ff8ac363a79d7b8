import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { inRepository } from "./inRepository.ts";
import { pulumiEnvironment } from "./pulumiEnvironment.ts";

/** What a Pulumi command printed, and how it ended. */
export interface PulumiResult {
  readonly code: number;
  readonly output: string;
}

/** Where to run Pulumi, and what to do with its output. */
export interface PulumiOptions {
  /** The project; this repository unless given. */
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/** Runs Pulumi without prompts; every line is passed on as it arrives. */
export async function runPulumi(
  args: readonly string[],
  { cwd = inRepository(), env, onLine = () => {} }: PulumiOptions = {},
): Promise<PulumiResult> {
  const { executable, env: environment } = await pulumiEnvironment(env);
  const child = spawn(executable, ["--non-interactive", "--color=never", ...args], {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    onLine(line);
  };
  createInterface(child.stdout).on("line", take);
  createInterface(child.stderr).on("line", take);
  const [code] = await once(child, "close");
  return { code: Number(code ?? 1), output: lines.join("\n") };
}

import { type ExecFileOptions, execFile } from "node:child_process";
import { promisify } from "node:util";
import { SetupError } from "./setupError.ts";

const execute = promisify(execFile);

/** Runs a command quietly and returns its output; if it fails, the last lines become the error. */
export async function run(command: string, args: string[], options: Omit<ExecFileOptions, "encoding"> = {}) {
  try {
    return await execute(command, args, { maxBuffer: 64 * 1024 * 1024, ...options, encoding: "utf8" });
  } catch (cause) {
    throw new SetupError(`${command} ${args.slice(0, 2).join(" ")} failed: ${lastLines(cause)}`, { cause });
  }
}

function lastLines(error: unknown): string {
  const output = textOf(error, "stderr") || textOf(error, "stdout");
  return output === "" ? String(error) : output.split("\n").slice(-5).join("\n  ");
}

/** Some tools complain on standard output. */
function textOf(error: unknown, stream: "stderr" | "stdout"): string {
  return String(Object(error)[stream] ?? "").trim();
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What a command printed, and the processor seconds of its processes; those that it leaves behind don't count. */
export interface Timed {
  readonly output: string;
  readonly processor: number;
}

/** Runs a command, which must succeed. */
export async function timed(
  words: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Timed> {
  const script = 'TIMEFORMAT="processor %U %S"; time "$@"';
  const child = spawn("bash", ["-c", script, "bash", ...words], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const [, user, system] = /^processor (\S+) (\S+)$/m.exec(errors) ?? [];
  if (child.exitCode !== 0 || user === undefined || system === undefined)
    throw new Error(`${words.join(" ")} failed: ${output}${errors}`);
  return { output, processor: Number(user) + Number(system) };
}

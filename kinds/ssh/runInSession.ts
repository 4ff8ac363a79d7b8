import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import type { Printed } from "#rollout/machine/shellCommand.ts";
import type { SshConnection } from "./sshConnection.ts";

/**
 * Mark the output of every command, because a login shell may print something first, and the server may report the end
 * of a command before all of its output.
 */
const HEADER = "rollgate-began\n";
const TRAILER = /\nrollgate-ended:(\d+)$/;

/** Runs a command in a session of its own, which takes a round trip more than in a shell that is there. */
export async function runInSession(
  connection: Pick<SshConnection, "spawn">,
  command: string,
  input: Readable | undefined,
  { signal, milliseconds }: { readonly signal: AbortSignal | undefined; readonly milliseconds: number },
): Promise<Printed> {
  const marked = `printf 'rollgate-began\\n'; ${command}; printf '\\nrollgate-ended:%s' $?`;
  const ssh = connection.spawn(marked);
  const stop = () => {
    ssh.kill("SIGKILL");
    // The shared connection keeps these open as long as the command runs on the server.
    ssh.stdout.destroy();
    ssh.stderr.destroy();
  };
  const deadline = AbortSignal.timeout(milliseconds);
  const ending = signal ? AbortSignal.any([signal, deadline]) : deadline;
  ending.addEventListener("abort", stop, { once: true });
  try {
    // A command may end before it has read everything.
    const given = input ? pipeline(input, ssh.stdin).catch(() => {}) : ssh.stdin.end();
    const [stdout, stderr] = await Promise.all([text(ssh.stdout), text(ssh.stderr), given]);
    const code = TRAILER.exec(stdout)?.[1];
    return {
      code: code === undefined ? undefined : Number(code),
      stdout: stdout.slice(stdout.indexOf(HEADER) + HEADER.length).replace(TRAILER, ""),
      stderr,
    };
  } catch (error) {
    if (deadline.aborted) return { code: undefined, stdout: "", stderr: "", isOverdue: true };
    throw error;
  } finally {
    ending.removeEventListener("abort", stop);
  }
}

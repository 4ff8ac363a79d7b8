import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { SshPlace } from "./sshArguments.ts";

/** The codes of failures to log in; whatever the reason, nothing was done on the server. */
const NO_LOGIN = [
  "machine-unreachable",
  "host-key-changed",
  "host-key-unknown",
  "login-refused",
  "ssh-configuration",
];

/** For the life of this process: proof that its network and its keys are in order. */
const reached = new Set<string>();

/** Remembers that a login succeeded. */
export function wasReached({ server }: SshPlace): void {
  reached.add(server);
}

/** What `ssh` said in the first place, without what was being tried. */
function reasonOf(error: unknown): string {
  return error instanceof Error && isNoLogin(error.cause) ? reasonOf(error.cause) : messageOf(error);
}

/** Whether `error` means that nobody could log in. */
export function isNoLogin(error: unknown): error is RollgateError {
  return error instanceof RollgateError && NO_LOGIN.includes(error.code);
}

/**
 * Removes something from a server. When that server cannot be logged in to but another one can, it counts as gone:
 * a warning says what is left behind, and the stack goes on without it. When none can, the reason may well be on
 * this side, so it fails; so it does when a server that was reached refuses another login. `name` is what is removed,
 * `left` what it leaves behind.
 */
export async function removeFrom(
  { server }: SshPlace,
  name: string,
  left: string,
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isNoLogin(error)) throw error;
    // A server that let in the account that rolls is not gone when it refuses the one that makes servers ready.
    if (error.code === "login-refused" && reached.has(server)) throw error;
    const reason = reasonOf(error);
    if ([...reached].every((other) => other === server)) {
      throw new RollgateError(
        "nobody-reached",
        `${name}: ${reason}. No other server was reached either, so the cause may be your network or your keys. Nothing was removed. If the servers are gone for good, remove the stack with \`pulumi stack rm --force\``,
        { cause: error },
      );
    }
    console.log(`warning: ${name}: ${reason}. It is removed from the stack; left behind there: ${left}`);
  }
}

/** What a refresh finds out, or what the state says already while the server of `name` cannot be asked. */
export async function askOrKeep<T>(name: string, ask: () => Promise<T>, kept: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    console.log(`${name}: ${reasonOf(error)}. What the state says of it is kept`);
    return kept;
  }
}

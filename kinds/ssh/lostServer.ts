import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { SshPlace } from "./sshArguments.ts";

/** The error codes of failed logins, after which nothing has been done on the server. */
const NO_LOGIN = [
  "machine-unreachable",
  "host-key-changed",
  "host-key-unknown",
  "login-refused",
  "ssh-configuration",
];

/** The servers this process has reached, which proves that its network and keys work. */
const reached = new Set<string>();

/** The lines about kept states that this process has printed. */
const told = new Set<string>();

/** Remembers that a login succeeded. */
export function wasReached({ server }: SshPlace): void {
  reached.add(server);
}

/** The original message of `ssh`, without what was being tried. */
function reasonOf(error: unknown): string {
  return error instanceof Error && isNoLogin(error.cause) ? reasonOf(error.cause) : messageOf(error);
}

/** Whether `error` means that the login failed. */
export function isNoLogin(error: unknown): error is RollgateError {
  return error instanceof RollgateError && NO_LOGIN.includes(error.code);
}

/**
 * Removes something from a server. If logging in fails there but works on another server, it counts as gone: a warning
 * says what is left behind, and the stack continues without it. If it works on no server, the cause may be local, so
 * this fails, and also if a server that was reached refuses another login. `name` is what to remove, `left` what stays
 * behind.
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
    // A server that accepted the deploying account is not gone just because it refuses the one that sets up servers.
    if (error.code === "login-refused" && reached.has(server)) throw error;
    const reason = reasonOf(error);
    if ([...reached].every((other) => other === server)) {
      throw new RollgateError(
        "nobody-reached",
        `${name}: ${reason}. No other server could be reached either, so the cause may be your network or your keys. Nothing was removed. If the servers are gone for good, remove the stack with \`pulumi stack rm --force\``,
        { cause: error },
      );
    }
    console.log(
      `warning: ${name}: ${reason}. It was removed from the stack, but left on the server: ${left}`,
    );
  }
}

/** The result of a refresh, or the recorded state if the server of `name` can't be reached. */
export async function askOrKeep<T>(name: string, ask: () => Promise<T>, kept: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    const line = `${name}: ${reasonOf(error)}. Its recorded state was kept`;
    // Several resources have their place on one server.
    if (!told.has(line)) console.log(line);
    told.add(line);
    return kept;
  }
}

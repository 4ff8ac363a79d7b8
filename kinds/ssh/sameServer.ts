import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { SshPlace } from "./sshArguments.ts";
import { SshMachine } from "./sshMachine.ts";

/** What no two servers that run at the same time have in common: clones share the first, containers the second. */
const IDENTITY = "cat /etc/machine-id /proc/sys/kernel/random/boot_id 2>/dev/null; uname -n";

/**
 * Whether two ways to write a server lead to one. Throws when that cannot be told: whoever takes one server for two
 * removes from the "old" one what serves on it.
 */
export async function isSameServer(old: SshPlace, next: SshPlace): Promise<boolean> {
  if (old.server === next.server && old.sshConfig === next.sshConfig) return true;
  const [before, after] = await Promise.all([identityOf(old), identityOf(next)]).catch((error: unknown) => {
    throw new RollgateError(
      "server-unknown",
      `expected to reach ${old.server} and ${next.server}, to tell whether they are one server: ${messageOf(error)}. If the old one is gone for good, remove its resources from the state`,
      { cause: error },
    );
  });
  return before === after;
}

async function identityOf(place: SshPlace): Promise<string> {
  const machine = new SshMachine(place);
  try {
    return await machine.run(IDENTITY, []);
  } finally {
    await machine.close();
  }
}

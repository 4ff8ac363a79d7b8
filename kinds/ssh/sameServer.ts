import { isNoLogin } from "./lostServer.ts";
import { onServer } from "./onServer.ts";
import type { SshPlace } from "./sshArguments.ts";

/** Clones share the first, containers the last; a reboot changes the last. */
const IDENTITY = `printf '%s\\n' "$(cat /etc/machine-id 2>/dev/null)"
uname -n
cat /proc/sys/kernel/random/boot_id 2>/dev/null`;

/** What a server is told by, and will be after a reboot. */
export async function identityOf(place: SshPlace): Promise<string> {
  return lasting(await onServer(place, (machine) => machine.run(IDENTITY, [])));
}

/**
 * Whether two ways to write a server lead to one. Both are asked, since whoever takes one server for two removes from
 * the "old" one what serves on it. An old one that cannot be logged in to any more is known by the identity that the
 * state remembers.
 */
export async function isSameServer(
  old: SshPlace & { readonly identity?: unknown },
  next: SshPlace,
): Promise<boolean> {
  if (old.server === next.server && old.sshConfig === next.sshConfig) return true;
  const ask = (place: SshPlace) => onServer(place, (machine) => machine.run(IDENTITY, []));
  const [before, after] = await Promise.all([
    ask(old).catch((error: unknown) => {
      if (!isNoLogin(error)) throw error;
      return undefined;
    }),
    ask(next),
  ]);
  return before === undefined ? old.identity === lasting(after) : before === after;
}

function lasting(identity: string): string {
  return identity.split("\n").slice(0, 2).join(" ");
}

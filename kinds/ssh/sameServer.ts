import { isNoLogin } from "./lostServer.ts";
import { onServer } from "./onServer.ts";
import type { SshPlace } from "./sshArguments.ts";

/** Cloned servers share the first, containers the last; a reboot changes the last. */
const IDENTITY = `printf '%s\\n' "$(cat /etc/machine-id 2>/dev/null)"
uname -n
cat /proc/sys/kernel/random/boot_id 2>/dev/null`;

/** What identifies a server, across reboots. */
export async function identityOf(place: SshPlace): Promise<string> {
  return lasting(await onServer(place, (machine) => machine.run(IDENTITY, [])));
}

/**
 * Whether two spellings mean the same server. Both are asked, because mistaking one server for two would remove what is
 * serving from the "old" one. If nobody can log in to the old one any more, its recorded identity decides.
 */
export async function isSameServer(
  old: SshPlace & { readonly identity?: unknown },
  next: SshPlace,
): Promise<boolean> {
  const isSameKey = old.hostKey === undefined || next.hostKey === undefined || old.hostKey === next.hostKey;
  if (old.server === next.server && old.sshConfig === next.sshConfig && isSameKey) return true;
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

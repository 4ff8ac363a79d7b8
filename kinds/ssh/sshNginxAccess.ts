import { endpoint, mayCarryRequest, parseTcpTable } from "#rollout/machine/connections.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import type { ListenPlace, NginxAnswer } from "#rollout/nginx/nginxAccess.ts";
import type { SshProxyDescriptor } from "./sshDescriptors.ts";
import type { SshMachine } from "./sshMachine.ts";

const MAX_QUESTIONS = 5;
const ANSWER_MILLISECONDS = 5_000;

const TABLES = "cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null; exit 0";

/** `find_master <prefix>` prints the pid of the nginx with that prefix; its title holds its command line. */
export const FIND_MASTER = `
find_master() {
  for file in $(grep -laF -e " -p $1 " /proc/[0-9]*/cmdline 2>/dev/null); do
    case "$(tr '\\000' ' ' < "$file" 2>/dev/null)" in
      "nginx: master process "*) pid=\${file#/proc/}; echo "\${pid%/cmdline}"; return 0 ;;
    esac
  done
}`;

/** The sockets that the processes of nginx hold open, or where these cannot be seen, the accounts that they run as. */
const OWN = `${FIND_MASTER}
master=$(find_master "$1")
[ -n "$master" ] || exit 0
for pid in $master $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v master="$master" '{ pid = $1; sub(/.*\\) /, ""); if ($2 == master) print pid }'); do
  if [ -r "/proc/$pid/fd" ]; then
    ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/inode \\1/p'
  else
    stat -c 'uid %u' "/proc/$pid" 2>/dev/null
  fi
done
exit 0`;

/** Reaches an nginx on a server from the server itself; on it others may have connections to a host as well. */
export class SshNginxAccess extends MachineNginxAccess {
  readonly #machine: SshMachine;
  readonly #directory: string;

  constructor(machine: SshMachine, { directory, address, port, server }: SshProxyDescriptor) {
    super(machine, {
      url: isUnspecified(address) ? `http://${hostOf(server)}:${port}` : `http://${endpoint(address, port)}`,
      directory,
      port,
      address,
    });
    this.#machine = machine;
    this.#directory = directory;
  }

  override async get(path: string, signal: AbortSignal): Promise<NginxAnswer> {
    return this.#untilConnected((allowed) => super.get(path, allowed), signal);
  }

  override async getAnew(path: string, signal: AbortSignal, at?: ListenPlace): Promise<NginxAnswer> {
    return this.#untilConnected((allowed) => super.getAnew(path, allowed, at), signal);
  }

  override async connectionsTo(address: string, port: number): Promise<number> {
    const remote = endpoint(address, port);
    const sockets = (await this.#machine.run(TABLES, []))
      .split(/(?=^\s*sl\s)/m)
      .flatMap(parseTcpTable)
      .filter((socket) => socket.remote === remote && mayCarryRequest(socket));
    if (sockets.length === 0) return 0;
    const printed = await this.#machine.run(OWN, [this.#directory]);
    const all = (word: string) =>
      [...printed.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, id]) => id);
    const [inodes, uids] = [new Set(all("inode")), new Set(all("uid"))];
    // Of an nginx that cannot be seen, each may be one.
    if (inodes.size + uids.size === 0) return sockets.length;
    return sockets.filter(({ inode, uid }) => inodes.has(inode) || uids.has(uid)).length;
  }

  /** What failed while the connection to the server broke says nothing of nginx: it is asked again, in its own time. */
  async #untilConnected(
    ask: (allowed: AbortSignal) => Promise<NginxAnswer>,
    signal: AbortSignal,
  ): Promise<NginxAnswer> {
    let allowed = signal;
    for (let asked = 1; ; asked++) {
      const { opened } = this.#machine;
      try {
        return await ask(allowed);
      } catch (error) {
        if (asked === MAX_QUESTIONS) throw error;
        await this.#machine.run("true", []);
        if (this.#machine.opened === opened) throw error;
        allowed = AbortSignal.timeout(ANSWER_MILLISECONDS);
      }
    }
  }
}

function isUnspecified(address: string): boolean {
  return address === "0.0.0.0" || /^[0:]+$/.test(address);
}

/** What others may call the server: its name without the account and the port of SSH. */
function hostOf(server: string): string {
  return server
    .replace(/^ssh:\/\//, "")
    .replace(/^.*@/, "")
    .replace(/:\d+$/, "");
}

import { RollgateError } from "#rollout/common/errors.ts";
import { CommandFailed, type Machine } from "#rollout/machine/machine.ts";
import { writeFile } from "#rollout/machine/writeFile.ts";
import { type NginxAbilities, nginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import { WITH_SYSTEM_PATH } from "#rollout/nginx/nginxRunner.ts";

const VERSION = `${WITH_SYSTEM_PATH}; command "$1" -V 2>&1`;
const TEST = `${WITH_SYSTEM_PATH}
words=$(command "$1" -t -q -p "$2" -c "$2/probe.conf" 2>&1) && exit 0
printf '%s\\n' "$words" | grep -m 1 emerg >&2
exit 1`;

/** What the nginx of a server can do; nothing is left behind. */
export async function sshAbilities(
  machine: Pick<Machine, "run">,
  executable: string,
): Promise<NginxAbilities> {
  const version = await machine.run(VERSION, [executable]).catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
    throw new RollgateError("nginx-missing", `expected nginx, found no executable ${executable}`, {
      cause: error,
    });
  });
  const directory = (await machine.run("mktemp -d", [])).trim();
  try {
    return await nginxAbilities(version, async (configuration) => {
      await writeFile(machine, directory, "probe.conf", configuration);
      await machine.run(TEST, [executable, directory]);
    });
  } finally {
    await machine.run('rm -rf "$1"', [directory]);
  }
}

const WORKERS = `
[ "$(id -u)" = 0 ] || exit 0
folder=$1
while [ "$folder" != / ]; do
  case "$(stat -c %A "$folder" 2>/dev/null)" in *[xst] | "") ;; *) echo root; exit 0 ;; esac
  folder=$(dirname "$folder")
done`;

/**
 * The account that must be named for nginx's workers, which look at the flag files on every request: only where
 * root starts it and its own unprivileged account could not reach them.
 */
export async function workersAccount(
  machine: Pick<Machine, "run">,
  directory: string,
): Promise<{ user?: "root" }> {
  const answer = await machine.run(WORKERS, [`${directory}/drained`]);
  return answer.trim() === "root" ? { user: "root" } : {};
}

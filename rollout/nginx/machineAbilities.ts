import type { Machine } from "../machine/machine.ts";
import { writeFile } from "../machine/writeFile.ts";
import { type NginxAbilities, nginxAbilities } from "./nginxAbilities.ts";
import { testNginx } from "./nginxRunner.ts";
import { nginxScript } from "./nginxScripts.ts";
import { refusing } from "./refusing.ts";

const FIND = `${nginxScript("system-path")}\ncommand -v "$1" >/dev/null`;
const VERSION = `${nginxScript("system-path")}\n"$1" -V 2>&1`;
const WORKERS_ACCOUNT = nginxScript("workers-account");

/** What the nginx on a machine supports; leaves no files behind. */
export async function machineAbilities(
  machine: Pick<Machine, "run">,
  executable: string,
): Promise<NginxAbilities> {
  await refusing(machine.run(FIND, [executable]), () => [
    "nginx-missing",
    `expected nginx, found no executable ${executable}`,
  ]);
  const version = await refusing(machine.run(VERSION, [executable]), (words) => [
    "nginx-unusable",
    `${executable} -V failed: ${words}`,
  ]);
  const directory = (await machine.run("mktemp -d", [])).trim();
  try {
    return await nginxAbilities(version, async (configuration) => {
      await writeFile(machine, directory, "probe.conf", configuration);
      await testNginx(machine, executable, directory, "probe.conf");
    });
  } finally {
    await machine.run('rm -rf "$1"', [directory]);
  }
}

/**
 * The account to set for nginx's workers, which look for flag files on every request. If root starts nginx, its workers
 * run as an unprivileged account, unless that can't read the flag files because they are in a private folder; then the
 * workers stay root. If another user starts nginx, its workers run as that user.
 */
export async function workersAccount(
  machine: Pick<Machine, "run">,
  directory: string,
): Promise<{ user?: "root" }> {
  const answer = await machine.run(WORKERS_ACCOUNT, [`${directory}/drained`]);
  return answer.trim() === "root" ? { user: "root" } : {};
}

import { RollgateError } from "../common/errors.ts";
import { CommandFailed, type Machine, NOT_THERE } from "../machine/machine.ts";
import { modulesOf, type NginxAbilities, nginxAbilities, probes } from "./nginxAbilities.ts";
import { nginxScript } from "./nginxScripts.ts";

const TRY = nginxScript("system-path", "reason-in", "try-configurations");
const UNUSABLE = 43;
/** Stands for nginx's own folder of modules, which is known only once it was asked. */
const MODULES = "<modules>";
const WORKERS_ACCOUNT = nginxScript("workers-account");

/** What the nginx on a machine supports; leaves no files behind. */
export async function machineAbilities(
  machine: Pick<Machine, "run">,
  executable: string,
): Promise<NginxAbilities> {
  // All at once, since each may cost a round trip.
  const args = [executable, MODULES, ...probes(MODULES)];
  const printed = await machine.run(TRY, args).catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
    const { exitCode, message } = error;
    if (exitCode === NOT_THERE)
      throw new RollgateError("nginx-missing", `expected nginx, found no executable ${executable}`, {
        cause: error,
      });
    if (exitCode !== UNUSABLE) throw error;
    throw new RollgateError("nginx-unusable", `${executable} -V failed: ${message}`, { cause: error });
  });
  const end = printed.indexOf("\n\n");
  const version = printed.slice(0, end);
  const answers = printed.slice(end + 2).split("\n");
  const configurations = probes(modulesOf(version));
  return nginxAbilities(version, (configuration) => {
    const answer = answers[configurations.indexOf(configuration)];
    return answer === "accepted" ? undefined : (answer?.replace(/^rejected /, "") ?? "no answer");
  });
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

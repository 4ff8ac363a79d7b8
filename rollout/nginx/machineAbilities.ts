import { RollgateError } from "../common/errors.ts";
import { CommandFailed, type Machine, NOT_THERE } from "../machine/machine.ts";
import { type NginxAbilities, nginxAbilities, probes } from "./nginxAbilities.ts";
import { nginxScript } from "./nginxScripts.ts";

const VERSION = nginxScript("system-path", "print-version");
const TRY = nginxScript("system-path", "reason-in", "try-configurations");
const WORKERS_ACCOUNT = nginxScript("workers-account");

/** What the nginx on a machine supports; leaves no files behind. */
export async function machineAbilities(
  machine: Pick<Machine, "run">,
  executable: string,
): Promise<NginxAbilities> {
  const version = await machine.run(VERSION, [executable]).catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
    const [code, message] =
      error.exitCode === NOT_THERE
        ? ["nginx-missing", `expected nginx, found no executable ${executable}`]
        : ["nginx-unusable", `${executable} -V failed: ${error.message}`];
    throw new RollgateError(code, message, { cause: error });
  });
  // All at once, since each may cost a round trip.
  const configurations = probes(version);
  const answers = (await machine.run(TRY, [executable, ...configurations])).split("\n");
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

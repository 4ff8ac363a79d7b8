import { RollgateError } from "../common/errors.ts";
import { endpoint } from "../machine/connections.ts";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import { quote } from "../machine/quote.ts";
import { readScripts } from "../machine/scripts.ts";
import type { WrittenFile } from "../machine/writeFile.ts";
import type { Environment } from "../request/launch.ts";
import { isArgument } from "../request/reserved.ts";
import { chooseStart } from "../startupCache/chooseStart.ts";
import type { Revision } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostFolder } from "./hostPlace.ts";
import { launchOption, SECOND_SLOT_OPTION } from "./javaProcess.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import { firstNameOf, SECOND } from "./slots.ts";

const MANAGEMENT_PORT = "management.server.port";
const SCRIPTS = new URL("./scripts/", import.meta.url);
const PREFLIGHT = readScripts(SCRIPTS, "preflight-host", "preflight-java");
/** The same for every application, whoever starts it; variables from the settings come after it. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The files of one slot, relative to the host's folder. */
export function slotFiles({ slot }: Pick<HostFolder, "slot">) {
  const suffix = slot === undefined ? "" : SECOND;
  return {
    start: `start${suffix}`,
    /** In a folder that only the deployer can write and the application can read. */
    environment: `secrets/environment${suffix}`,
    log: `logs/app${suffix}.log`,
  };
}

/** The files written on a machine before an application is started. */
interface StartFiles {
  /** A shell script that execs the JVM; contains no secrets. */
  readonly start: string;
  /** Variable assignments for the shell to read. */
  readonly environment: string;
}

/**
 * Starts a release by the path of its archive, never through the link, so that the command line names it; or from its
 * unpacked files, if it may.
 */
export function startFiles(
  place: HostFolder,
  archive: string,
  fingerprint: string,
  { launch, environment }: LaunchSpec,
  startupCache = false,
): StartFiles {
  const { name, address, port, directory, slot } = place;
  const options = [
    launchOption(fingerprint),
    ...(slot === undefined ? [] : [SECOND_SLOT_OPTION]),
    ...launch.jvmOptions,
  ];
  const chosen = startupCache ? chooseStart(directory, archive, launch) : undefined;
  const words = [
    ...options.map(quote),
    ...(chosen === undefined ? ["-jar", archive].map(quote) : ['"$@"']),
    ...[`--server.port=${port}`, `--server.address=${address}`, ...argumentsIn(place, launch.arguments)].map(
      quote,
    ),
  ];
  return {
    start: `# Written by rollgate: starts ${name} at ${endpoint(address, port)}.
export PATH=${PATH} LANG=C.UTF-8
# Before the variables, which may have a PATH of their own.
java=$(command -v ${quote(launch.java)}) || { echo "found no executable "${quote(launch.java)} >&2; exit 127; }
${chosen ?? ""}set -a
. ${quote(`${directory}/${slotFiles(place).environment}`)}
set +a
cd ${quote(`${directory}/work`)} || exit 1
exec "$java" ${words.join(" ")}
`,
    environment: assignments({ ROLLGATE_HOST: firstNameOf(name), ...environment }),
  };
}

/** The first slot's health port is the application's own setting; in the second slot it must not be the same. */
function argumentsIn({ slot, healthPort }: HostFolder, given: readonly string[]): string[] {
  if (slot === undefined || healthPort === undefined) return [...given];
  const others = given.filter((argument) => !isArgument(argument, MANAGEMENT_PORT));
  return [`--${MANAGEMENT_PORT}=${healthPort}`, ...others];
}

/** Variable assignments for a shell to read. */
export function assignments(environment: Environment): string {
  return Object.entries(environment)
    .map(([key, value]) => `${key}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`)
    .join("");
}

/** The start files as they are to be written; `umask` decides who may read the variables. */
export function writtenStartFiles(
  files: HostFiles,
  place: HostFolder,
  { release, launch }: Revision,
  spec: LaunchSpec,
  umask: "077" | "027",
  startupCache = false,
): WrittenFile[] {
  const archive = files.archiveOf(release);
  const { start, environment } = startFiles(place, archive, launch, spec, startupCache);
  const names = slotFiles(place);
  return [
    { file: names.environment, text: environment, umask },
    { file: names.start, text: start, umask: "022" },
  ];
}

/** Where the start files of a slot are: the folder of its host, and their names in it. */
export function startFilesIn(place: HostFolder): [directory: string, start: string, environment: string] {
  const { start, environment } = slotFiles(place);
  return [place.directory, start, environment];
}

/** Throws a one-line error if a host could not take or run a release; at most creates its folders. */
export async function preflightHost(
  machine: Pick<Machine, "run">,
  directory: string,
  supervisor: "systemd" | "process",
  java: string,
): Promise<void> {
  const args = [directory, supervisor, java];
  await machine.run(PREFLIGHT, args).catch((error: unknown) => {
    if (!(error instanceof CommandFailed) || !error.message.startsWith("java: ")) throw error;
    throw new RollgateError("java-missing", error.message, { cause: error });
  });
}

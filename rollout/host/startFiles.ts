import { RollgateError } from "../common/errors.ts";
import { endpoint } from "../machine/connections.ts";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import { quote } from "../machine/quote.ts";
import { readScripts } from "../machine/scripts.ts";
import type { Revision } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostFolder } from "./hostPlace.ts";
import { launchOption } from "./javaProcess.ts";
import type { LaunchSpec } from "./launchSpec.ts";

/** Where the environment variables are: in a folder that only the deployer can write and the application can read. */
export const ENVIRONMENT = "secrets/environment";

const JAVA_SECONDS = 20;
const SCRIPTS = new URL("./scripts/", import.meta.url);
const PREFLIGHT = readScripts(SCRIPTS, "preflight-host", "preflight-java");
/** The same for every application, whoever starts it; variables from the settings come after it. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The files written on a machine before an application is started. */
interface StartFiles {
  /** A shell script that execs the JVM; contains no secrets. */
  readonly start: string;
  /** Variable assignments for the shell to read. */
  readonly environment: string;
}

/** Starts a release by the path of its archive, never through the link, so that the command line names it. */
export function startFiles(
  { name, address, port, directory }: HostFolder,
  archive: string,
  fingerprint: string,
  { launch, environment }: LaunchSpec,
): StartFiles {
  const words = [
    launchOption(fingerprint),
    ...launch.jvmOptions,
    "-jar",
    archive,
    `--server.port=${port}`,
    `--server.address=${address}`,
    ...launch.arguments,
  ];
  return {
    start: `# Written by rollgate: starts ${name} at ${endpoint(address, port)}.
export PATH=${PATH} LANG=C.UTF-8
# Before the variables, which may have a PATH of their own.
java=$(command -v ${quote(launch.java)}) || { echo "found no executable "${quote(launch.java)} >&2; exit 127; }
set -a
. ${quote(`${directory}/${ENVIRONMENT}`)}
set +a
cd ${quote(`${directory}/work`)} || exit 1
exec "$java" ${words.map(quote).join(" ")}
`,
    environment: Object.entries({ ROLLGATE_HOST: name, ...environment })
      .map(([key, value]) => `${key}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`)
      .join(""),
  };
}

/** Writes the start files; `umask` decides who may read the variables. */
export async function writeStartFiles(
  files: HostFiles,
  place: HostFolder,
  { release, launch }: Revision,
  spec: LaunchSpec,
  umask: "077" | "027",
): Promise<void> {
  const { start, environment } = startFiles(place, files.archiveOf(release), launch, spec);
  await Promise.all([files.write(ENVIRONMENT, environment, umask), files.write("start", start, "022")]);
}

/** Throws a one-line error if a host could not take or run a release; at most creates its folders. */
export async function preflightHost(
  machine: Pick<Machine, "run">,
  directory: string,
  supervisor: "systemd" | "process",
  java: string,
): Promise<void> {
  const args = [directory, supervisor, java];
  await machine.run(PREFLIGHT, args, { deadlineSeconds: JAVA_SECONDS }).catch((error: unknown) => {
    if (!(error instanceof CommandFailed) || !error.message.startsWith("java: ")) throw error;
    throw new RollgateError("java-missing", error.message, { cause: error });
  });
}

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

/** Where the variables are, in a folder that only the deployer writes and the application reads. */
export const ENVIRONMENT = "secrets/environment";

const JAVA_SECONDS = 20;
const SCRIPTS = new URL("./scripts/", import.meta.url);
const PREFLIGHT = readScripts(SCRIPTS, "preflight-host", "preflight-java");
/** Part of how every application is started, whoever starts it; the variables of the settings come after these. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What is written on a machine before an application is started there. */
export interface StartFiles {
  /** A shell script that becomes the JVM; it holds no secret. */
  readonly start: string;
  /** Variables with their values, as a shell reads them. */
  readonly environment: string;
}

/** How a release is started; by the path of its archive, never of the link, so that a command line names it. */
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

/** Writes them; `umask` says who may read the variables. */
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

/** Throws one line when a host could not take or run a release; only its folders are made, where they may be. */
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

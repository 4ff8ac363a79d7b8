import { endpoint } from "../machine/connections.ts";
import { quote } from "../machine/quote.ts";
import { archiveName } from "../release/release.ts";
import type { SshHostDescriptor } from "../request/descriptors.ts";
import { launchOption } from "./javaProcess.ts";
import type { LaunchSpec } from "./launchSpec.ts";

/** Where the variables are, in a folder that only the deployer writes and the application reads. */
export const ENVIRONMENT = "secrets/environment";

/** What is written on a server before an application is started there. */
export interface StartFiles {
  /** A shell script that becomes the JVM; it holds no secret. */
  readonly start: string;
  /** Variables with their values, as a shell reads them. */
  readonly environment: string;
}

/** How a release is started; the path of the release, never of the link, so that a command line names it. */
export function startFiles(
  host: SshHostDescriptor,
  release: string,
  fingerprint: string,
  { launch, environment }: LaunchSpec,
): StartFiles {
  const { name, address, port, directory } = host;
  const words = [
    launch.java,
    launchOption(fingerprint),
    ...launch.jvmOptions,
    "-jar",
    `${directory}/releases/${release}/${archiveName(release)}`,
    `--server.port=${port}`,
    `--server.address=${address}`,
    ...launch.arguments,
  ];
  const variables = `set -a\n. ${quote(`${directory}/${ENVIRONMENT}`)}\nset +a\n`;
  return {
    start: `# Written by rollgate: starts ${name} at ${endpoint(address, port)}.\n${variables}cd ${quote(`${directory}/work`)} || exit 1\nexec ${words.map(quote).join(" ")}\n`,
    environment: Object.entries({ ROLLGATE_HOST: name, ...environment })
      .map(([key, value]) => `${key}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`)
      .join(""),
  };
}

import { endpoint } from "../connections.ts";
import type { SshHostDescriptor } from "../descriptors.ts";
import type { LaunchSpec } from "../launchSpec.ts";
import { launchOption } from "./javaProcess.ts";
import { quote } from "./quote.ts";

/** What is written on a server before an application is started there. */
export interface StartFiles {
  /** A shell script that becomes the JVM; it holds no secret. */
  readonly start: string;
  /** Variables with their values, in the words that a shell and systemd's EnvironmentFile both read. */
  readonly environment: string;
}

/** How a release is started; the path of the release, never of the link, so that a command line names it. */
export function startFiles(
  host: SshHostDescriptor,
  release: string,
  fingerprint: string,
  { launch, environment }: LaunchSpec,
): StartFiles {
  const { name, address, port, directory, supervisor } = host;
  const ownAddress = launch.arguments.some((argument) => argument.startsWith("--server.address="));
  const words = [
    launch.java,
    launchOption(fingerprint),
    ...launch.jvmOptions,
    "-jar",
    `${directory}/releases/${release}/app.jar`,
    `--server.port=${port}`,
    ...(ownAddress ? [] : [`--server.address=${address}`]),
    ...launch.arguments,
  ];
  // systemd gives the variables itself: it alone may read them beside the deployer.
  const variables =
    supervisor === "process" ? `set -a\n. ${quote(`${directory}/environment`)}\nset +a\n` : "";
  return {
    start: `# Written by rollgate: starts ${name} at ${endpoint(address, port)}.\n${variables}cd ${quote(`${directory}/work`)} || exit 1\nexec ${words.map(quote).join(" ")}\n`,
    environment: Object.entries({ ROLLGATE_HOST: name, ...environment })
      .map(([key, value]) => `${key}="${value.replaceAll(/["\\$`]/g, "\\$&")}"\n`)
      .join(""),
  };
}

import type { Environment, Launch, LaunchOptions } from "./launch.ts";

/** How the application of one host is started: the common options, with the host's own on top. */
export function launchOf(
  { launch, environment, hostLaunch = {}, hostEnvironment = {} }: LaunchOptions,
  host: string,
): { readonly launch: Launch; readonly environment: Environment } {
  const { jvmOptions = [], arguments: own = [] } = ofHost(hostLaunch, host) ?? {};
  return {
    launch: {
      ...launch,
      // The JVM uses the last of two options; Spring Boot would join two arguments of one name.
      jvmOptions: [...launch.jvmOptions, ...jvmOptions],
      arguments: [...launch.arguments.filter((common) => !isGivenIn(own, common)), ...own],
    },
    environment: { ...environment, ...ofHost(hostEnvironment, host) },
  };
}

/** A host's entry in a record; a host may be called `constructor`. */
export function ofHost<T>(record: Readonly<Record<string, T>>, host: string): T | undefined {
  return Object.hasOwn(record, host) ? record[host] : undefined;
}

function isGivenIn(own: readonly string[], common: string): boolean {
  const name = nameOf(common);
  return name !== undefined && own.some((argument) => nameOf(argument) === name);
}

function nameOf(argument: string): string | undefined {
  return /^--([^=]+)/.exec(argument)?.[1];
}

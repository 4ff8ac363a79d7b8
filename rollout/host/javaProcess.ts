import { readProcessLine } from "../machine/processLine.ts";
import type { RunningApp } from "./appHost.ts";

/** A property of the JVM, so that its command line tells how it was started to every account. */
const LAUNCH_PROPERTY = "-Drollgate.launch=";

/** Says, in the command line of a JVM, how it was started. */
export function launchOption(fingerprint: string): string {
  return `${LAUNCH_PROPERTY}${fingerprint}`;
}

/** The JVM that a line of the shell function `show` stands for, when it runs a release out of `directory`. */
export function readJava(line: string, directory: string): RunningApp | undefined {
  const { pid, argv } = readProcessLine(line);
  const jar = argv[argv.indexOf("-jar") + 1];
  if (!argv.includes("-jar") || jar === undefined) return undefined;
  const [, release] = /^\/releases\/([^/]+)\/app\.[jw]ar$/.exec(jar.slice(directory.length)) ?? [];
  if (!jar.startsWith(`${directory}/`) || release === undefined) return undefined;
  const launch = argv.find((argument) => argument.startsWith(LAUNCH_PROPERTY));
  return { pid, release, launch: launch?.slice(LAUNCH_PROPERTY.length) };
}

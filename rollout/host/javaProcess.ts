import { readProcessLine } from "../machine/processLine.ts";
import type { RunningApp } from "./appHost.ts";

/** A JVM property, so that every account can read from the command line how it was started. */
const LAUNCH_PROPERTY = "-Drollgate.launch=";

/** Marks the JVM of a second slot. One without it is in the first slot, as all were before there was a second one. */
export const SECOND_SLOT_OPTION = "-Drollgate.slot=b";

/** Names the archive of a JVM that was started from its unpacked files; `-jar` does otherwise. */
const ARCHIVE_PROPERTY = "-Drollgate.archive=";
/** How a file with the class path of unpacked files begins on a command line. */
const START_FILE = "@../releases/";

/** The option that puts the fingerprint into a JVM's command line. */
export function launchOption(fingerprint: string): string {
  return `${LAUNCH_PROPERTY}${fingerprint}`;
}

/** The JVM in a line printed by the shell function `show`, if it runs a release from `directory`. */
export function readJava(line: string, directory: string): RunningApp | undefined {
  const { pid, argv } = readProcessLine(line);
  const at = argv.findIndex((argument) => argument === "-jar" || argument.startsWith(START_FILE));
  const named = argv.slice(0, Math.max(0, at)).find((argument) => argument.startsWith(ARCHIVE_PROPERTY));
  const jar = argv[at] === "-jar" ? argv[at + 1] : named?.slice(ARCHIVE_PROPERTY.length);
  if (at < 0 || jar === undefined) return undefined;
  const [, release] = /^\/releases\/([^/]+)\/app\.[jw]ar$/.exec(jar.slice(directory.length)) ?? [];
  if (!jar.startsWith(`${directory}/`) || release === undefined) return undefined;
  const launch = argv.find((argument) => argument.startsWith(LAUNCH_PROPERTY));
  return { pid, release, launch: launch?.slice(LAUNCH_PROPERTY.length) };
}

import type { RunningApp } from "./appHost.ts";

/** A property of the JVM, so that its command line tells how it was started to every account. */
const LAUNCH_PROPERTY = "-Drollgate.launch=";

/** Says, in the command line of a JVM, how it was started. */
export function launchOption(fingerprint: string): string {
  return `${LAUNCH_PROPERTY}${fingerprint}`;
}

/** Prints a process as a line, for `readProcess`: its pid and its arguments. */
export const SHOW_PROCESS = `
show() {
  line=$(tr '\\000\\n' '\\001\\002' < "/proc/$1/cmdline" 2>/dev/null) && [ -n "$line" ] && printf '%s %s\\n' "$1" "$line"
}`;

/** The JVM that a line of `SHOW_PROCESS` stands for, when it runs a release out of `directory`. */
export function readJava(line: string, directory: string): RunningApp | undefined {
  const space = line.indexOf(" ");
  const argv = line
    .slice(space + 1)
    .replaceAll("\u0002", "\n")
    .split("\u0001");
  const jar = argv[argv.indexOf("-jar") + 1];
  if (!argv.includes("-jar") || jar === undefined) return undefined;
  const [, release] = /^\/releases\/([^/]+)\/app\.[jw]ar$/.exec(jar.slice(directory.length)) ?? [];
  if (!jar.startsWith(`${directory}/`) || release === undefined) return undefined;
  const launch = argv.find((argument) => argument.startsWith(LAUNCH_PROPERTY));
  return { pid: Number(line.slice(0, space)), release, launch: launch?.slice(LAUNCH_PROPERTY.length) };
}

/** `await_java <pid> <jar>` waits until the process has become the JVM that runs the jar, or has ended. */
export const AWAIT_JAVA = `
await_java() {
  looked=0
  while [ $looked -lt 100 ] && [ -e "/proc/$1" ]; do
    if tr '\\000' '\\n' < "/proc/$1/cmdline" 2>/dev/null | grep -qxF -e "$2"; then return 0; fi
    if grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; then return 0; fi
    looked=$((looked + 1))
    sleep 0.05
  done
}`;

/** A process as printed by the shell function `show`. */
export interface ProcessLine {
  readonly pid: number;
  readonly argv: readonly string[];
}

const MAX_COMMAND = 100;

/** Parses a line printed by `show`: byte 1 ends an argument, byte 2 is a line break within one. */
export function readProcessLine(line: string): ProcessLine {
  const space = line.indexOf(" ");
  const argv = line
    .slice(space + 1)
    .replaceAll("\u0002", "\n")
    .split("\u0001");
  // The last argument is terminated, too.
  if (argv.at(-1) === "") argv.pop();
  return { pid: Number(line.slice(0, space)), argv };
}

/** Describes a process on one short line: `pid 4711 (java -jar app.jar)`. */
export function describeProcess({ pid, argv }: ProcessLine): string {
  const command = argv.slice(0, 3).join(" ").replaceAll(/\s+/g, " ").trim();
  return `pid ${pid} (${command.length > MAX_COMMAND ? `${command.slice(0, MAX_COMMAND)}…` : command})`;
}

import { LOG_BYTES, linesOfLog } from "./linesOfLog.ts";
import type { Machine, RunOptions } from "./machine.ts";
import { readScripts } from "./scripts.ts";

const LOG_LINES = 200;
const FOLDER = new URL("./scripts/", import.meta.url);
const RUN = readScripts(FOLDER, "with-rights", "run-with-rights");
const PREFLIGHT = readScripts(FOLDER, "preflight-unit");
const READ_JOURNAL = readScripts(FOLDER, "with-rights", "read-journal");

/** What a roll does to a unit; `sudoers` contains the same words, so each is exactly one command. */
export function systemctlCommand(verb: "start" | "stop" | "reload", unit: string): string {
  return `/usr/bin/systemctl ${verb} ${unit}.service`;
}

/** Reads the last lines of a unit's journal. */
export function journalCommand(unit: string): string {
  return `/usr/bin/journalctl --unit ${unit}.service --lines ${LOG_LINES} --output cat --no-pager`;
}

/** The words of such a command, as arguments of a script that runs it with root's rights. */
export function wordsOf(command: string): string[] {
  return command.split(" ");
}

/** Starts, stops or reloads a unit. */
export async function systemctl(
  machine: Pick<Machine, "run">,
  verb: "start" | "stop" | "reload",
  unit: string,
  options: RunOptions = {},
): Promise<void> {
  await machine.run(RUN, wordsOf(systemctlCommand(verb, unit)), options);
}

/**
 * Throws a one-line error if there is no such unit or no right to run these commands. `rules` is the file with the rights
 * in `/etc/sudoers.d`.
 */
export async function preflightUnit(
  machine: Pick<Machine, "run">,
  unit: string,
  commands: readonly string[],
  rules = unit,
): Promise<void> {
  await machine.run(PREFLIGHT, [unit, rules, ...commands]);
}

/** The last lines of a unit's journal. */
export async function readJournal(
  machine: Pick<Machine, "run">,
  unit: string,
  lines: number,
): Promise<string[]> {
  const args = [String(LOG_BYTES), String(lines), ...wordsOf(journalCommand(unit))];
  return linesOfLog(await machine.run(READ_JOURNAL, args));
}

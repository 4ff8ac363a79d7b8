const LOG_LINES = 200;

/** What a roll does to a unit; `sudoers` contains the same words, so each is exactly one command. */
export function systemctlCommand(verb: "start" | "stop" | "reload", unit: string): string {
  return `/usr/bin/systemctl ${verb} ${unit}.service`;
}

/** Reads the last lines of a unit's journal. */
export function journalCommand(unit: string): string {
  return `/usr/bin/journalctl --unit ${unit}.service --lines ${LOG_LINES} --output cat --no-pager`;
}

/** Runs a command directly as root, or through sudo without a prompt otherwise. */
export function withRights(command: string): string {
  return `if [ "$(id -u)" = 0 ]; then ${command}; else sudo -n ${command}; fi`;
}

import type { Machine } from "../machine/machine.ts";
import { journalCommand, systemctlCommand, withRights } from "../machine/rights.ts";
import { AWAIT_JAVA, SHOW_PROCESS } from "./javaProcess.ts";
import { readLook, type Supervisor } from "./supervisor.ts";

const BEYOND_GRACE_SECONDS = 20;

const LOOK = `${SHOW_PROCESS}
main_pid() { systemctl show --property MainPID --value "$1.service"; }
pids=$(main_pid "$1") || exit 1
if [ "$pids" = 0 ]; then pids=""; fi
for pid in $pids; do
  show "$pid" && continue
  # It has just ended, or is hidden: then systemd still names it.
  sleep 0.2
  if [ "$(main_pid "$1")" = "$pid" ]; then
    echo "cannot see process $pid of $1: /proc is closed to this account (hidepid)" >&2
    exit 1
  fi
done
printf '\\n\\n'`;

/** Runs what is enabled and keeps it running; needs the rights of `/etc/sudoers.d`, unless the deployer is root. */
export class SystemdSupervisor implements Supervisor {
  readonly #machine: Pick<Machine, "run">;
  readonly #unit: string;

  constructor(machine: Pick<Machine, "run">, unit: string) {
    this.#machine = machine;
    this.#unit = unit;
  }

  async preflight(): Promise<void> {
    await preflightUnit(this.#machine, this.#unit, [
      systemctlCommand("start", this.#unit),
      systemctlCommand("stop", this.#unit),
      journalCommand(this.#unit),
    ]);
  }

  async look(more = "") {
    return readLook(await this.#machine.run(`${LOOK}\n${more}\nexit 0`, [this.#unit]));
  }

  async start(jar: string): Promise<void> {
    const script = `${AWAIT_JAVA}
${withRights(systemctlCommand("start", this.#unit))} || exit 1
await_java "$(systemctl show --property MainPID --value "$1.service")" "$2"
exit 0`;
    await this.#machine.run(script, [this.#unit, jar]);
  }

  /** systemd itself waits for as long as its TimeoutStopSec, which is provisioned with the grace. */
  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    const script = `
systemctl is-active --quiet "$1.service" && was=active
${withRights(systemctlCommand("stop", this.#unit))} || exit 1
[ -z "$was" ] || systemctl show --property Result --value "$1.service"`;
    const result = await this.#machine.run(`${script}\nexit 0`, [this.#unit], {
      deadlineSeconds: graceSeconds + BEYOND_GRACE_SECONDS,
    });
    return { killed: result.trim() === "timeout" };
  }

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }
}

/** Throws one line when there is no such unit, or no right to do this to it. */
export async function preflightUnit(
  machine: Pick<Machine, "run">,
  unit: string,
  commands: readonly string[],
): Promise<void> {
  const asked = commands.map((command) => `allowed ${command}`).join("\n");
  const script = `
if [ ! -d /run/systemd/system ]; then echo "expected systemd, found none: set sshSupervisor to process" >&2; exit 1; fi
if [ "$(systemctl show --property LoadState --value "$1.service")" != loaded ]; then
  echo "expected the unit $1.service, systemd has none: the server is not provisioned" >&2
  exit 1
fi
allowed() {
  if [ "$(id -u)" = 0 ] || sudo -n -l "$@" >/dev/null 2>&1; then return 0; fi
  echo "$(id -un) may not run $* by sudo: expected the rights of /etc/sudoers.d/${unit}" >&2
  exit 1
}
${asked}`;
  await machine.run(script, [unit]);
}

/** The last lines that a unit wrote. */
export async function readJournal(
  machine: Pick<Machine, "run">,
  unit: string,
  lines: number,
): Promise<string[]> {
  const text = (await machine.run(withRights(journalCommand(unit)), [])).trimEnd();
  return text === "" ? [] : text.split("\n").slice(-lines);
}

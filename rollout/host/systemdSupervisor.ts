import type { Machine } from "../machine/machine.ts";
import { journalCommand, systemctlCommand, withRights } from "../machine/rights.ts";
import { readScripts } from "../machine/scripts.ts";
import type { Launch } from "../request/launch.ts";
import type { PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostFolder } from "./hostPlace.ts";
import { HostProcesses } from "./hostProcesses.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import { preflightHost, writeStartFiles } from "./startFiles.ts";
import { LOG_BYTES, linesOfLog, type Supervisor } from "./supervisor.ts";

const BEYOND_GRACE_SECONDS = 20;

const OURS = new URL("./scripts/", import.meta.url);
const START = readScripts(OURS, "../../machine/scripts/show-process", "await-java", "start-unit");

/** Runs the application as an enabled unit, which systemd keeps running; needs rights in `/etc/sudoers.d` unless root. */
export class SystemdSupervisor implements Supervisor {
  readonly logPlace: string;
  readonly #machine: Pick<Machine, "run">;
  readonly #place: HostFolder;
  readonly #files: HostFiles;
  readonly #processes: HostProcesses;
  readonly #unit: string;

  constructor(machine: Pick<Machine, "run" | "name">, place: HostFolder, files: HostFiles, unit: string) {
    this.#machine = machine;
    this.#place = place;
    this.#files = files;
    this.#unit = unit;
    this.#processes = new HostProcesses(machine, place, "find-by-unit", unit);
    this.logPlace = `sudo journalctl -u ${unit} on ${machine.name}`;
  }

  async preflight({ java }: Launch): Promise<void> {
    await preflightHost(this.#machine, this.#place.directory, "systemd", java);
    await preflightUnit(this.#machine, this.#unit, [
      systemctlCommand("start", this.#unit),
      systemctlCommand("stop", this.#unit),
      journalCommand(this.#unit),
    ]);
  }

  running(): Promise<RunningApp | undefined> {
    return this.#processes.running();
  }

  portOwner(): Promise<PortOwner> {
    return this.#processes.portOwner();
  }

  listening(): Promise<readonly string[]> {
    return this.#processes.listening();
  }

  /** The unit's account may read the variables through its group. */
  async prepare(revision: Revision, spec: LaunchSpec): Promise<void> {
    await writeStartFiles(this.#files, this.#place, revision, spec, "027");
  }

  async start({ release }: Revision): Promise<void> {
    const script = `start_unit() { ${withRights(systemctlCommand("start", this.#unit))}; }\n${START}`;
    await this.#machine.run(script, [this.#unit, this.#files.archiveOf(release)]);
  }

  /** systemd waits for TimeoutStopSec, which is provisioned with the grace period. */
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

  /** Nothing to do: the unit is enabled. */
  async keepRunning(): Promise<void> {}

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }
}

/** Throws a one-line error if there is no such unit or no right to run these commands. */
export async function preflightUnit(
  machine: Pick<Machine, "run">,
  unit: string,
  commands: readonly string[],
): Promise<void> {
  const asked = commands.map((command) => `allowed ${command}`).join("\n");
  const script = `
if [ ! -d /run/systemd/system ]; then echo "expected systemd, found none: set sshSupervisor to process" >&2; exit 1; fi
if [ "$(systemctl show --property LoadState --value "$1.service")" != loaded ]; then
  echo "expected the unit $1.service, found none: the server is not set up" >&2
  exit 1
fi
allowed() {
  if [ "$(id -u)" = 0 ] || sudo -n -l "$@" >/dev/null 2>&1; then return 0; fi
  echo "$(id -un) may not run $* with sudo: expected the rules in /etc/sudoers.d/${unit}" >&2
  exit 1
}
${asked}`;
  await machine.run(script, [unit]);
}

/** The last lines of a unit's journal, read with exactly the command that sudoers allows. */
export async function readJournal(
  machine: Pick<Machine, "run">,
  unit: string,
  lines: number,
): Promise<string[]> {
  const script = `journal=$(${withRights(journalCommand(unit))}) || exit 1
printf '%s\\n' "$journal" | tail -c "$1" | tail -n "$2"`;
  return linesOfLog(await machine.run(script, [String(LOG_BYTES), String(lines)]));
}

import type { Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import { journalCommand, preflightUnit, readJournal, systemctlCommand, wordsOf } from "../machine/systemd.ts";
import type { WrittenFile } from "../machine/writeFile.ts";
import type { Launch } from "../request/launch.ts";
import type { MemoryRoom, PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostFolder } from "./hostPlace.ts";
import { HostProcesses } from "./hostProcesses.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import { firstNameOf } from "./slots.ts";
import { preflightHost, startFilesIn, writtenStartFiles } from "./startFiles.ts";
import type { StartTurn, Supervisor } from "./supervisor.ts";

const BEYOND_GRACE_SECONDS = 20;

const OURS = new URL("./scripts/", import.meta.url);
const WITH_RIGHTS = "../../machine/scripts/with-rights";
const SHOW_PROCESS = "../../machine/scripts/show-process";
const START = readScripts(OURS, WITH_RIGHTS, SHOW_PROCESS, "await-java", "start-unit");
const STOP = readScripts(OURS, WITH_RIGHTS, "stop-unit");
const STOP_FOR_GOOD = readScripts(OURS, "forget-start", WITH_RIGHTS, "stop-unit");

/** The commands that a roll runs as root for the unit of a slot. */
export function unitRights(unit: string): string[] {
  return [systemctlCommand("start", unit), systemctlCommand("stop", unit), journalCommand(unit)];
}

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
    if (this.#place.slot === undefined) {
      await preflightHost(this.#machine, this.#place.directory, "systemd", java);
    }
    await preflightUnit(this.#machine, this.#unit, unitRights(this.#unit), firstNameOf(this.#unit));
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
  async prepare(revision: Revision, spec: LaunchSpec, startupCache?: boolean): Promise<WrittenFile[]> {
    return writtenStartFiles(this.#files, this.#place, revision, spec, "027", startupCache);
  }

  async start(revision: Revision): Promise<void> {
    const { script, args } = this.turnToStart(revision);
    await this.#machine.run(script, args);
  }

  turnToStart({ release }: Revision): StartTurn {
    const start = wordsOf(systemctlCommand("start", this.#unit));
    return { script: START, args: [this.#unit, this.#files.archiveOf(release), ...start], started: () => {} };
  }

  stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(STOP, [], graceSeconds);
  }

  /** The unit stays enabled, but has a condition: it only starts if there is a start file. */
  stopForGood(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(STOP_FOR_GOOD, startFilesIn(this.#place), graceSeconds);
  }

  /** systemd waits for TimeoutStopSec, which is provisioned with the grace period. */
  async #stop(script: string, files: readonly string[], graceSeconds: number): Promise<{ killed: boolean }> {
    const stop = wordsOf(systemctlCommand("stop", this.#unit));
    const result = await this.#machine.run(script, [...files, this.#unit, ...stop], {
      deadlineSeconds: graceSeconds + BEYOND_GRACE_SECONDS,
    });
    return { killed: result.trim() === "timeout" };
  }

  /** Nothing to do: the unit is enabled. */
  async keepRunning(): Promise<void> {}

  memory(): Promise<MemoryRoom | undefined> {
    return this.#processes.memory();
  }

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }
}

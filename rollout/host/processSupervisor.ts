import { randomUUID } from "node:crypto";
import { LOG_BYTES, linesOfLog } from "../machine/linesOfLog.ts";
import type { Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { WrittenFile } from "../machine/writeFile.ts";
import type { Launch } from "../request/launch.ts";
import type { MemoryRoom, PortOwner, Revision, RunningApp } from "./appHost.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { HostFolder } from "./hostPlace.ts";
import { HostProcesses } from "./hostProcesses.ts";
import type { LaunchSpec } from "./launchSpec.ts";
import { preflightHost, slotFiles, startFilesIn, writtenStartFiles } from "./startFiles.ts";
import type { StartTurn, Supervisor } from "./supervisor.ts";

const KILL_SECONDS = 10;
const BEYOND_GRACE_SECONDS = KILL_SECONDS + 10;

const OURS = new URL("./scripts/", import.meta.url);
const START = readScripts(
  OURS,
  "../../machine/scripts/show-process",
  "../../machine/scripts/look-at-process",
  "await-java",
  "start-process",
);
const STOPPING = [
  "../../machine/scripts/look-at-clock",
  "../../machine/scripts/look-at-process",
  "find-by-releases",
  "stop-processes",
];
const STOP = readScripts(OURS, ...STOPPING);
const STOP_FOR_GOOD = readScripts(OURS, "forget-start", ...STOPPING);
const TAIL = readScripts(OURS, "tail-log");

/** Runs the application as a detached process of the deployer's account; it does not survive a reboot. */
export class ProcessSupervisor implements Supervisor {
  readonly logPlace: string;
  readonly #machine: Pick<Machine, "run">;
  readonly #place: HostFolder;
  readonly #files: HostFiles;
  readonly #processes: HostProcesses;
  readonly #log: string;

  /** `server` is where people find the log, if not on this machine. */
  constructor(machine: Pick<Machine, "run" | "name">, place: HostFolder, files: HostFiles, server?: string) {
    this.#machine = machine;
    this.#place = place;
    this.#files = files;
    this.#processes = new HostProcesses(machine, place, "find-by-releases", place.directory);
    this.#log = `${place.directory}/${slotFiles(place).log}`;
    this.logPlace = server === undefined ? this.#log : `${this.#log} on ${server}`;
  }

  /** The second slot needs nothing that the first one doesn't. */
  async preflight({ java }: Launch): Promise<void> {
    if (this.#place.slot !== undefined) return;
    await preflightHost(this.#machine, this.#place.directory, "process", java);
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

  async prepare(revision: Revision, spec: LaunchSpec, startupCache?: boolean): Promise<WrittenFile[]> {
    return writtenStartFiles(this.#files, this.#place, revision, spec, "077", startupCache);
  }

  async start(revision: Revision): Promise<void> {
    const { script, args, started } = this.turnToStart(revision);
    started(await this.#machine.run(script, args));
  }

  turnToStart({ release, launch }: Revision): StartTurn {
    const { start, log } = slotFiles(this.#place);
    const args = [this.#place.directory, this.#files.archiveOf(release), randomUUID(), start, log];
    const started = (printed: string) => {
      const [pid, began] = printed.trim().split(" ");
      if (pid && began) this.#processes.expect({ pid: Number(pid), release, launch }, began);
    };
    return { script: START, args, started };
  }

  stop(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(STOP, [], graceSeconds);
  }

  /** Nothing would start it again, but its files are of no use any more. */
  stopForGood(graceSeconds: number): Promise<{ killed: boolean }> {
    return this.#stop(STOP_FOR_GOOD, startFilesIn(this.#place), graceSeconds);
  }

  async #stop(script: string, files: readonly string[], graceSeconds: number): Promise<{ killed: boolean }> {
    const hundredths = [graceSeconds, KILL_SECONDS].map((seconds) => String(Math.round(seconds * 100)));
    const deadlineSeconds = graceSeconds + BEYOND_GRACE_SECONDS;
    const args = [...files, this.#place.directory, this.#place.slot ?? "", ...hundredths];
    const printed = await this.#machine.run(script, args, { deadlineSeconds });
    return { killed: printed.trim() === "killed" };
  }

  async keepRunning(): Promise<void> {}

  memory(): Promise<MemoryRoom | undefined> {
    return this.#processes.memory();
  }

  async logTail(lines: number): Promise<string[]> {
    return linesOfLog(await this.#machine.run(TAIL, [this.#log, String(LOG_BYTES), String(lines)]));
  }
}

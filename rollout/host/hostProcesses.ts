import { answersAt, type TcpSocket, tablePort } from "../machine/connections.ts";
import { describeHolder, readListening } from "../machine/listeners.ts";
import { CommandFailed, type Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { MemoryRoom, PortOwner, RunningApp } from "./appHost.ts";
import type { HostFolder } from "./hostPlace.ts";
import { readJava } from "./javaProcess.ts";

const OURS = new URL("./scripts/", import.meta.url);
const MACHINES = new URL("../machine/scripts/", import.meta.url);

interface SeenProcess {
  readonly app: RunningApp;
  /** Distinguishes it from a later process with the same pid. */
  readonly began: string;
}

/**
 * What runs in a slot of a host, read from `/proc` each time, so there is no pid file to go stale: a JVM is started with the path
 * of its release, never with the `current` link, with the fingerprint of its options, and with a mark in the second slot.
 */
export class HostProcesses {
  readonly #machine: Pick<Machine, "run">;
  readonly #place: HostFolder;
  readonly #subject: string;
  readonly #running: string;
  readonly #printSockets: string;
  readonly #printMemory: string;
  /** The process seen last or just started. */
  #seen: SeenProcess | undefined;

  /** `finder` is the script that sets `pids`, given `subject`: a directory or a unit. */
  constructor(
    machine: Pick<Machine, "run">,
    place: HostFolder,
    finder: "find-by-releases" | "find-by-unit",
    subject: string,
  ) {
    this.#machine = machine;
    this.#place = place;
    this.#subject = subject;
    const show = readScripts(MACHINES, "show-process", "look-at-process");
    const find = readScripts(OURS, finder);
    this.#running = [
      show,
      readScripts(OURS, "is-seen", "print-running-seen"),
      find,
      readScripts(OURS, "print-running"),
    ].join("\n");
    this.#printMemory = [show, find, readScripts(OURS, "print-memory")].join("\n");
    this.#printSockets = [
      show,
      readScripts(OURS, "is-seen"),
      `listening=$(\n${readScripts(MACHINES, "print-listening")}\n)`,
      readScripts(OURS, "if-any-listens"),
      `if is_seen "$3" "$4"; then pids=$3; else\n${find}\nfi`,
      readScripts(OURS, "print-sockets"),
    ].join("\n");
  }

  /** The room that the machine and its control groups leave, and the most memory that the process has used. */
  async memory(): Promise<MemoryRoom | undefined> {
    const printed = await this.#machine
      .run(this.#printMemory, [this.#subject, this.#slot])
      .catch((error: unknown) => {
        // It is hidden from this account.
        if (error instanceof CommandFailed) return "";
        throw error;
      });
    const [, room, needed] = /^(-?\d+) (\d+)$/m.exec(printed) ?? [];
    if (room === undefined || needed === undefined) return undefined;
    return { availableBytes: Math.max(0, Number(room)) * 1024, neededBytes: Number(needed) * 1024 };
  }

  /** Records the process that was just started as the one seen last. */
  expect(app: RunningApp, began: string): void {
    this.#seen = { app, began };
  }

  /** Checks the process seen last before looking for others. */
  async running(): Promise<RunningApp | undefined> {
    const seen = this.#seen;
    const text = await this.#machine.run(this.#running, this.#arguments);
    if (text.trim() === "same") return seen?.app;
    const [app] = this.#javasOf(text);
    const [, began] = new RegExp(`^began ${app?.pid} (\\d+)$`, "m").exec(text) ?? [];
    this.#seen = app && began !== undefined ? { app, began } : undefined;
    return app;
  }

  /** Goes by the sockets that the process holds; if they are hidden, by its account, which only the application uses. */
  async portOwner(): Promise<PortOwner> {
    const { address, port, healthPort = port } = this.#place;
    const { application, inodes, uids, sockets } = await this.#sockets(port, healthPort);
    const at = (wanted: number) => sockets.filter(({ local }) => answersAt(local, address, wanted));
    const [listeners, ofHealth] = [at(port), at(healthPort)];
    const isOurs = ({ inode, uid }: TcpSocket) => inodes.includes(inode) || uids.includes(uid);
    if (healthPort !== port && ofHealth.length > 0 && !(application && ofHealth.some(isOurs))) {
      return { kind: "other", name: await describeHolder(this.#machine, ofHealth), port: healthPort };
    }
    if (application && listeners.some(isOurs)) return { kind: "application", release: application.release };
    if (listeners.length === 0) return { kind: "nobody" };
    return { kind: "other", name: await describeHolder(this.#machine, listeners) };
  }

  async listening(): Promise<string[]> {
    const { inodes, sockets } = await this.#sockets();
    return sockets.filter(({ inode }) => inodes.includes(inode)).map(({ local }) => local);
  }

  /** If nothing listens at any of the ports, nothing is found. */
  async #sockets(...ports: readonly number[]) {
    const args = [...this.#arguments, ...ports.map(tablePort)];
    const text = await this.#machine.run(this.#printSockets, args);
    const end = text.indexOf("\n\n") + 1;
    const all = (word: string) =>
      [...text.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].map(([, id]) => id ?? "");
    return {
      application: this.#javasOf(text.slice(0, end))[0],
      inodes: all("inode"),
      uids: all("uid"),
      sockets: readListening(text),
    };
  }

  get #arguments(): string[] {
    const seen = this.#seen;
    return [this.#subject, this.#slot, String(seen?.app.pid ?? 0), seen?.began ?? ""];
  }

  get #slot(): string {
    return this.#place.slot ?? "";
  }

  #javasOf(text: string): RunningApp[] {
    return text.split("\n").flatMap((line) => readJava(line, this.#place.directory) ?? []);
  }
}

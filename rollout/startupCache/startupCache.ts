import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Machine, RunOptions } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { Launch } from "../request/launch.ts";
import { optionsKey } from "./optionsKey.ts";

const SECONDS = 120;

const SCRIPTS = new URL("./scripts/", import.meta.url);
const HASH = "../../machine/scripts/sha256-of";
const PREPARE = readScripts(
  SCRIPTS,
  HASH,
  "identify-java",
  "startup-files",
  "copy-unpacked",
  "prepare-startup",
);
const RECORD = readScripts(SCRIPTS, HASH, "keep-classes", "record-classes");
const TAKE_BACK = 'rm -f "$1/releases/$2/startup/ask.$3"';
const READ = readScripts(SCRIPTS, "read-classes");
const INSTALL = readScripts(SCRIPTS, HASH, "keep-classes", "take-classes", "install-classes");
const COPY = readScripts(SCRIPTS, HASH, "keep-classes", "take-classes", "copy-classes");

/** How a release would start on a host. */
export interface Prepared {
  /** The name of the archive of classes for this Java and these options; absent if there can't be one. */
  readonly archive?: string;
  /** Why there can't be one. */
  readonly obstacle?: string;
  readonly isThere: boolean;
}

/** An archive of classes on its way between hosts. */
export interface Classes {
  readonly sha256: string;
  /** The time of the files that it was recorded with, in seconds. */
  readonly time: string;
  readonly compressed: Buffer;
}

/** What makes a release start faster on a host: its unpacked files and an archive of its classes, both beside its archive. */
export class StartupCache {
  /** Hosts with the same one may copy from each other. */
  readonly machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #launch: Launch;

  constructor(machine: Pick<Machine, "run">, directory: string, launch: Launch) {
    this.machine = machine;
    this.#directory = directory;
    this.#launch = launch;
  }

  /**
   * Unpacks a staged release, if it may, and checks what is there; `undefined` if it starts as it is. `time` is in seconds
   * and the same on all hosts. `beside` is the cache of a host on the same machine that has unpacked it: its files are copied,
   * which takes less than unpacking.
   */
  async prepare(
    release: string,
    mayUnpack: boolean,
    time: number,
    signal?: AbortSignal,
    beside?: object,
  ): Promise<Prepared | undefined> {
    const options = optionsKey(this.#launch);
    if (options === undefined) return undefined;
    const args = [this.#launch.java, options, String(time), randomUUID(), mayUnpack ? "unpack" : ""];
    if (beside instanceof StartupCache && beside.machine === this.machine) args.push(beside.#directory);
    const printed = (await this.#run(PREPARE, [release, ...args], { signal })).trim();
    if (printed === "") return undefined;
    if (printed.startsWith("- ")) return { obstacle: printed.slice(2), isThere: false };
    const [archive = "", state] = printed.split(" ");
    return { archive, isThere: state === "there" };
  }

  /** Lets a JVM that was started from the unpacked files write down its classes, which stops it for a moment. */
  async record(release: string, pid: number, archive: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#run(RECORD, [release, String(pid), archive, randomUUID()], { signal });
    } catch (error) {
      // A script that was killed has not taken back what it asked for.
      await this.#run(TAKE_BACK, [release, String(pid)]).catch(() => {});
      throw error;
    }
  }

  async read(release: string, archive: string, signal?: AbortSignal): Promise<Classes> {
    const printed = await this.#run(READ, [release, archive], { signal });
    const [sha256 = "", time = "", ...lines] = printed.split("\n");
    return { sha256, time, compressed: Buffer.from(lines.join(""), "base64") };
  }

  /** Installs an archive of another host once its hash was verified. */
  async install(
    release: string,
    archive: string,
    { sha256, time, compressed }: Classes,
    signal?: AbortSignal,
  ): Promise<void> {
    const input = Readable.from([compressed]);
    await this.#run(INSTALL, [release, archive, sha256, time, randomUUID()], { input, signal });
  }

  /** Installs what another host on the same machine has; returns whether that one is on the same machine. */
  async copyFrom(other: object, release: string, archive: string, signal?: AbortSignal): Promise<boolean> {
    if (!(other instanceof StartupCache) || other.machine !== this.machine) return false;
    await this.#run(COPY, [release, archive, other.#directory, randomUUID()], { signal });
    return true;
  }

  #run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.machine.run(script, [this.#directory, ...args], { deadlineSeconds: SECONDS, ...options });
  }
}

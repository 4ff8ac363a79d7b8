import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Machine, RunOptions } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import type { Launch } from "../request/launch.ts";
import { dumpOptions } from "./dumpOptions.ts";
import { optionsKey } from "./optionsKey.ts";
import { linesOf, type Unpacking } from "./unpacking.ts";

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
const MAKE = readScripts(SCRIPTS, HASH, "keep-classes", "make-classes");
const READ = readScripts(SCRIPTS, "read-classes");
const INSTALL = readScripts(SCRIPTS, HASH, "keep-classes", "take-classes", "install-classes");
const COPY = readScripts(SCRIPTS, HASH, "keep-classes", "take-classes", "copy-classes");

/** How a release would start on a host. */
export interface Prepared {
  /** The name of the archive of classes for its libraries, this Java and these options; absent if there can't be one. */
  readonly archive?: string;
  /** Why there can't be one. */
  readonly obstacle?: string;
  readonly isThere: boolean;
}

/** An archive of classes on its way between hosts. */
export interface Classes {
  readonly sha256: string;
  readonly compressed: Buffer;
}

/** What makes releases start faster on a host: their unpacked files, and archives of the classes of their libraries. */
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
   * Unpacks a staged release, if it is known how, and checks what is there; `undefined` if it starts as it is. `time`, in
   * seconds, is that of its own files and the same on all hosts. `beside` is the cache of a host on the same machine that has
   * unpacked it: its files are copied, which takes less than unpacking.
   */
  async prepare(
    release: string,
    unpacking: Unpacking | undefined,
    time: number,
    signal?: AbortSignal,
    beside?: object,
  ): Promise<Prepared | undefined> {
    const options = optionsKey(this.#launch);
    if (options === undefined) return undefined;
    const args = [this.#launch.java, options, String(time), randomUUID(), unpacking ? "unpack" : ""];
    if (beside instanceof StartupCache && beside.machine === this.machine) args.push(beside.#directory);
    const input = unpacking && linesOf(unpacking);
    const printed = await this.#run(PREPARE, [release, ...args], { ...(input && { input }), signal });
    if (printed === "") return undefined;
    if (printed.startsWith("- ")) return { obstacle: printed.slice(2).trim(), isThere: false };
    const [archive = "", state] = printed.trim().split(" ");
    return { archive, isThere: state === "there" };
  }

  /** Makes an archive of the classes that a JVM has listed since its start; the JVM goes on meanwhile. */
  async make(pid: number, archive: string, signal?: AbortSignal): Promise<void> {
    const { java, jvmOptions } = this.#launch;
    const args = [archive, java, String(pid), randomUUID(), ...dumpOptions(jvmOptions)];
    await this.#run(MAKE, args, { signal });
  }

  async read(archive: string, signal?: AbortSignal): Promise<Classes> {
    const printed = await this.#run(READ, [archive], { signal });
    const [sha256 = "", ...lines] = printed.split("\n");
    return { sha256, compressed: Buffer.from(lines.join(""), "base64") };
  }

  /** Installs an archive of another host once its hash was verified. */
  async install(archive: string, { sha256, compressed }: Classes, signal?: AbortSignal): Promise<void> {
    const input = Readable.from([compressed]);
    await this.#run(INSTALL, [archive, sha256, randomUUID()], { input, signal });
  }

  /** Installs what another host on the same machine has; returns whether that one is on the same machine. */
  async copyFrom(other: object, archive: string, signal?: AbortSignal): Promise<boolean> {
    if (!(other instanceof StartupCache) || other.machine !== this.machine) return false;
    await this.#run(COPY, [archive, other.#directory, randomUUID()], { signal });
    return true;
  }

  #run(script: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.machine.run(script, [this.#directory, ...args], { deadlineSeconds: SECONDS, ...options });
  }
}

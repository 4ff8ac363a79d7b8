import { randomUUID } from "node:crypto";
import { z } from "zod";
import { RollgateError } from "../common/errors.ts";
import { CommandFailed, type Machine, NOT_THERE } from "../machine/machine.ts";
import { READ_FILE } from "../machine/readFile.ts";
import { type Ended, runInTurn, type Turn } from "../machine/runInTurn.ts";
import { readScripts } from "../machine/scripts.ts";
import { upload } from "../machine/upload.ts";
import { turnToWrite, type WrittenFile, writeFile, writeShortFiles } from "../machine/writeFile.ts";
import type { Jar } from "../release/jar.ts";
import { archiveName, isReleaseOf } from "../release/release.ts";
import { surplusReleases } from "../release/surplusReleases.ts";
import type { DiskRoom, HostState, Revision } from "./appHost.ts";
import { type LaunchSpec, launchSpec } from "./launchSpec.ts";

/** What the files of a host say about it. */
export type FilesState = Omit<HostState, "running">;

const HASH_SECONDS = 120;

// They use only what coreutils and busybox share, and may run twice: if the connection breaks, a script is run again.
const SCRIPTS = new URL("./scripts/", import.meta.url);
const DESCRIBE = readScripts(SCRIPTS, "../../machine/scripts/free-space", "describe-host");
const HASH = readScripts(SCRIPTS, "../../machine/scripts/sha256-of", "hash-release");
const SWITCH = readScripts(SCRIPTS, "switch-release");
const LIST = readScripts(SCRIPTS, "list-host");
const REMOVE = readScripts(SCRIPTS, "remove-surplus");
const REMOVE_ALL = readScripts(SCRIPTS, "remove-host");
const KEPT_LAUNCHES = 5;

const revisionSchema = z.object({ release: z.string(), launch: z.string() });

/**
 * The files of one app host on its machine: `releases/<id>/app.jar` or `app.war`, the link `current`,
 * `last-known-good.json` and `launches/<fingerprint>.json`, which holds secrets and so has mode 0600. The application's
 * own files are in `work`.
 */
export class HostFiles {
  readonly #machine: Pick<Machine, "run" | "sharesFiles">;
  readonly #directory: string;

  constructor(machine: Pick<Machine, "run" | "sharesFiles">, directory: string) {
    this.#machine = machine;
    this.#directory = directory;
  }

  /** The path of a release's archive on the machine. */
  archiveOf(id: string): string {
    return `${this.#directory}/releases/${id}/${archiveName(id)}`;
  }

  /** `staging` is a release that may have to be staged: it asks for the room for it, too. */
  async describe(staging?: string): Promise<FilesState> {
    const shares = this.#machine.sharesFiles ? "shares" : "";
    const lines = (await this.#run(DESCRIBE, staging === undefined ? [] : [staging, shares])).split("\n");
    const all = (word: string) =>
      lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    const [[current], [lastKnownGood], [room]] = [all("current"), all("last-known-good"), all("room")];
    return {
      ...(current !== undefined && { current }),
      ...(lastKnownGood !== undefined && { lastKnownGood: revisionSchema.parse(JSON.parse(lastKnownGood)) }),
      releases: all("release").sort(),
      ...(room !== undefined && { room: roomIn(room) }),
    };
  }

  /** `isThere` is the answer of `holds`, if that has been asked. */
  async stage(id: string, jar: Jar, signal: AbortSignal, isThere?: boolean): Promise<void> {
    if (isThere ?? (await this.holds(id))) return;
    await upload(this.#machine, this.#directory, id, jar, signal);
  }

  /** Whether the release is there and its hash matches its name. */
  async holds(id: string): Promise<boolean> {
    const sha256 = await this.#ifThere(HASH, [id, archiveName(id)], HASH_SECONDS);
    return sha256 !== undefined && isReleaseOf(id, sha256);
  }

  async switchTo(id: string): Promise<void> {
    const { script, args } = this.turnToSwitch(id);
    await this.#machine.run(script, args).catch((error: unknown) => {
      throw switchFailed(error);
    });
  }

  /** The same as one of several scripts; what it throws is for `switchFailed`. */
  turnToSwitch(id: string): Turn {
    return { script: SWITCH, args: [this.#directory, id, randomUUID()] };
  }

  async markLastKnownGood({ release, launch }: Revision): Promise<void> {
    await this.write("last-known-good.json", JSON.stringify({ release, launch }), "022");
  }

  /** Keeps the options behind a fingerprint, so that there is a way back to them, with other files for their start. */
  async remember(fingerprint: string, spec: LaunchSpec, others: readonly WrittenFile[] = []): Promise<void> {
    await writeShortFiles(this.#machine, this.#directory, [recordOf(fingerprint, spec), ...others]);
  }

  /** The same as one of several scripts. */
  turnToRemember(fingerprint: string, spec: LaunchSpec, others: readonly WrittenFile[]): Turn {
    return turnToWrite(this.#directory, [recordOf(fingerprint, spec), ...others]);
  }

  /** Runs several scripts on the host's machine in one trip. */
  inTurn(turns: readonly Turn[]): Promise<Ended[]> {
    return runInTurn(this.#machine, turns);
  }

  /** `undefined` if the host never started anything that way, or no longer knows. */
  async recall(fingerprint: string): Promise<LaunchSpec | undefined> {
    const text = await this.#ifThere(READ_FILE, [`launches/${fingerprint}.json`]);
    return text === undefined ? undefined : launchSpec.parse(JSON.parse(text));
  }

  /** Removes releases beyond `keep`, launches beyond a few, and what interrupted staging left behind. */
  async prune(keep: number, releases: readonly string[], launches: readonly string[]): Promise<void> {
    const [lastRunFirst, youngestFirst, leftBehind] = (await this.#run(LIST)).split("/\n");
    const surplus = surplusReleases(linesOf(lastRunFirst), keep, releases).map((id) => `releases/${id}`);
    const forgotten = linesOf(youngestFirst)
      .slice(KEPT_LAUNCHES)
      .filter((file) => !launches.includes(file.replace(/\.json$/, "")))
      .map((file) => `launches/${file}`);
    const removed = [...surplus, ...forgotten, ...linesOf(leftBehind)];
    if (removed.length > 0) await this.remove(removed);
  }

  /** Removes everything that rolls put there. What the application wrote stays; if there is any, its path is returned. */
  async removeAll(): Promise<string | undefined> {
    return (await this.#run(REMOVE_ALL)).trim() || undefined;
  }

  /** Writes a file, relative to the host's folder; readers see the old one or the new one. */
  async write(file: string, text: string, umask: string): Promise<void> {
    await writeFile(this.#machine, this.#directory, file, text, umask);
  }

  /** Removes files and folders, relative to the host's folder. */
  async remove(names: readonly string[]): Promise<void> {
    await this.#run(REMOVE, names);
  }

  async #ifThere(script: string, args: readonly string[], deadlineSeconds = 30): Promise<string | undefined> {
    try {
      return (await this.#run(script, args, { deadlineSeconds })).trimEnd();
    } catch (error) {
      if (error instanceof CommandFailed && error.exitCode === NOT_THERE) return undefined;
      throw error;
    }
  }

  #run(script: string, args: readonly string[] = [], options: Parameters<Machine["run"]>[2] = {}) {
    return this.#machine.run(script, [this.#directory, ...args], options);
  }
}

/** What to throw if a switch failed. */
export function switchFailed(error: unknown): unknown {
  if (!(error instanceof CommandFailed) || error.exitCode !== NOT_THERE) return error;
  return new RollgateError("release-missing", error.message, { cause: error });
}

function recordOf(fingerprint: string, spec: LaunchSpec): WrittenFile {
  return { file: `launches/${fingerprint}.json`, text: JSON.stringify(spec), umask: "077" };
}

function roomIn(words: string): DiskRoom {
  const [free, held, ...disk] = words.split(" ");
  return { freeBytes: Number(free), heldBytes: Number(held), disk: disk.join(" ") };
}

function linesOf(text: string | undefined): string[] {
  return (text ?? "").split("\n").filter(Boolean);
}

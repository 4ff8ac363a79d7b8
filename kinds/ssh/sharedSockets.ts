import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isSystemError } from "#rollout/common/errors.ts";
import { EffectiveOptions } from "./effectiveOptions.ts";
import { shortTemporaryFolder } from "./socketFolder.ts";
import { placeKey, type SshPlace } from "./sshArguments.ts";

/** Where the folder is that new connections use. */
const CURRENT = "current";
/** Where it is remembered in which slots hosts were last seen to run something. */
const SEEN = "seen";
/** A socket has a name of so many characters. */
const NAME = 20;
/** The paths of these sockets are longer than others, and OpenSSH adds 17 characters while it makes one. */
const LONGEST_FOLDER = 30;
/** A folder without a socket may be one whose first login is still under way. */
const LOGIN_MILLISECONDS = 60_000;

/**
 * The sockets of connections that outlive their process for some seconds, so that the next process of an update needs no
 * login. They are in a folder that only this account can enter. The name of a socket stands for everything that decides
 * who is logged in where, and as whom the server is trusted.
 */
export class SharedSockets {
  readonly #root: string;
  readonly #options = new EffectiveOptions();

  /** `root` is the folder, which is made if it is not there. */
  constructor(root = join(shortTemporaryFolder(LONGEST_FOLDER), `rollgate-ssh-${process.getuid?.() ?? ""}`)) {
    this.#root = root;
  }

  /** The path of the socket for a place; `undefined` if the folder is not private. Its name may be known. */
  async of(place: SshPlace, name = this.nameOf(place)): Promise<string | undefined> {
    const folder = this.#folder();
    return folder === undefined ? undefined : join(folder, await name);
  }

  /** The file that remembers in which slot a host was last seen; `undefined` if the folder is not private. */
  lastSeenIn(place: SshPlace, directory: string): string | undefined {
    const name = hashOf([placeKey(place), directory]);
    return isPrivate(this.#root) ? join(this.#root, SEEN, name) : undefined;
  }

  /** What the files say that are beside the sockets and end like this. */
  async notes(ending: string): Promise<string[]> {
    const folder = this.#folder();
    if (folder === undefined) return [];
    const files = (await readdir(folder)).filter((file) => file.endsWith(ending));
    return Promise.all(files.map((file) => readFile(join(folder, file), "utf8").catch(() => "")));
  }

  /** What `ssh` makes of its configuration; empty if it can't be asked. */
  optionsOf(place: SshPlace): Promise<string> {
    return this.#options.of(place);
  }

  /** What `ssh` makes of its configuration is part of the name, and so are the host keys that it knows. */
  async nameOf(place: SshPlace, asked = this.optionsOf(place)): Promise<string> {
    const options = await asked;
    const [, files = ""] = /^userknownhostsfile (.*)$/m.exec(options) ?? [];
    const known = await Promise.all(
      files.split(" ").map((file) => readFile(file.replace(/^~/, homedir()), "utf8").catch(() => "")),
    );
    return hashOf([placeKey(place), options, process.env.SSH_AUTH_SOCK, ...known]);
  }

  /** Leaves the connections that are there to those who use them: from now on, everybody logs in anew. */
  renew(): void {
    // Whoever made a folder that isn't private decides what is found in it.
    if (isPrivate(this.#root)) rmSync(join(this.#root, CURRENT), { force: true });
  }

  #folder(): string | undefined {
    try {
      mkdirSync(this.#root, { mode: 0o700 });
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) return undefined;
    }
    if (!isPrivate(this.#root)) return undefined;
    const name = this.#current() ?? this.#make();
    return join(this.#root, name);
  }

  #current(): string | undefined {
    try {
      const name = readlinkSync(join(this.#root, CURRENT));
      return existsSync(join(this.#root, name)) ? name : undefined;
    } catch {
      return undefined;
    }
  }

  /** Another process may do the same: the first one wins. */
  #make(): string {
    const name = randomBytes(4).toString("hex");
    mkdirSync(join(this.#root, name), { mode: 0o700 });
    const link = join(this.#root, CURRENT);
    try {
      if (this.#current() === undefined) rmSync(link, { force: true });
      symlinkSync(name, link);
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
    }
    const current = this.#current() ?? name;
    this.#removeOthers(current);
    return current;
  }

  #removeOthers(current: string): void {
    for (const name of readdirSync(this.#root)) {
      const folder = join(this.#root, name);
      if ([current, CURRENT, SEEN].includes(name) || isInUse(folder)) continue;
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function hashOf(all: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, NAME);
}

function isPrivate(folder: string): boolean {
  const status = lstatSync(folder, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === process.getuid?.() && (status.mode & 0o077) === 0;
}

function isInUse(folder: string): boolean {
  try {
    const isNew = Date.now() - lstatSync(folder).mtimeMs < LOGIN_MILLISECONDS;
    return isNew || readdirSync(folder).some((name) => lstatSync(join(folder, name)).isSocket());
  } catch {
    return false;
  }
}

import { createHash } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { updateAddress } from "#provider/engineAddress.ts";
import type { ExpectedPort } from "./connectionsAhead.ts";
import type { SshPlace } from "./sshArguments.ts";

/** How long a login takes to servers that are not near. */
const FAR_MILLISECONDS = 400;
/** Of a hash that stands for a directory in the name of a file. */
const DIGITS = 16;

/** How a note of use ends. */
export const USE = ".use";

/** What a process of an update has used of a server that is far away. */
export interface ServerInUse {
  readonly place: SshPlace;
  readonly ports: readonly ExpectedPort[];
}

/** What the process that logs in leaves beside the socket of a connection for those that share it, who can do without. */
export class SocketNotes {
  readonly #socket: string;
  readonly #isShared: boolean;

  constructor(socket: string, isShared: boolean) {
    this.#socket = socket;
    this.#isShared = isShared;
  }

  /** Writes a given host key to a file for `ssh`, which then knows no other; its name there is any. */
  knownHosts(hostKey: string | undefined): string | undefined {
    if (hostKey === undefined) return undefined;
    const file = `${this.#socket}.known`;
    const keys = hostKey.trim().split("\n");
    writeFileSync(file, keys.map((key) => `* ${key}\n`).join(""));
    return file;
  }

  /** Whether the server is far away, by the time of the login, or as the process that logged in has found. */
  isFar(loginMilliseconds: number | undefined): boolean {
    const file = `${this.#socket}.far`;
    if (loginMilliseconds === undefined) return existsSync(file);
    const isFar = loginMilliseconds > FAR_MILLISECONDS;
    if (isFar) this.#leave("far", "");
    else rmSync(file, { force: true });
    return isFar;
  }

  leaveAccount(account: string): void {
    this.#leave("account", account);
  }

  /** The account that is logged in; `undefined` if that is not known, or is being written. */
  async account(): Promise<string | undefined> {
    return (await this.#read("account")) || undefined;
  }

  /** Says to the other processes of this update that a place is set up. */
  leaveSetUp(directory: string): void {
    const update = updateAddress();
    if (update !== undefined) this.#leave(setUp(directory), update);
  }

  /** Whether a process of this update has found that a place is set up. */
  async isSetUp(directory: string): Promise<boolean> {
    const update = updateAddress();
    return update !== undefined && (await this.#read(setUp(directory))) === update;
  }

  /** Says to the other processes of this update what this one has used. */
  leaveUse(use: ServerInUse): void {
    const update = updateAddress();
    if (update !== undefined) this.#leave(USE.slice(1), JSON.stringify({ ...use, update }));
  }

  #leave(what: string, text: string): void {
    if (!this.#isShared) return;
    try {
      writeFileSync(`${this.#socket}.${what}`, text);
    } catch {}
  }

  #read(what: string): Promise<string> {
    return readFile(`${this.#socket}.${what}`, "utf8").catch(() => "");
  }
}

/** What such notes say of this update. */
export function inUse(notes: readonly string[]): ServerInUse[] {
  return notes.flatMap((text) => {
    // Another process may be writing it.
    const { update, place, ports } = text.endsWith("}") ? JSON.parse(text) : {};
    return update !== undefined && update === updateAddress() ? [{ place, ports }] : [];
  });
}

function setUp(directory: string): string {
  return `set-up-${createHash("sha256").update(directory).digest("hex").slice(0, DIGITS)}`;
}

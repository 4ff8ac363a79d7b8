import { existsSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** How long a login takes to servers that are not near. */
const FAR_MILLISECONDS = 400;

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
    return (await readFile(`${this.#socket}.account`, "utf8").catch(() => "")) || undefined;
  }

  #leave(what: string, text: string): void {
    if (!this.#isShared) return;
    try {
      writeFileSync(`${this.#socket}.${what}`, text);
    } catch {}
  }
}

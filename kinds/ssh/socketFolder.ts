import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The path of a socket is limited to about a hundred characters, of which OpenSSH needs some. */
const LONGEST_FOLDER = 50;
const REMOVE = 'cat > /dev/null; rm -rf "$1"';

/** Makes a folder for sockets, private as OpenSSH requires. */
export function makeSocketFolder(): string {
  const temporary = tmpdir();
  return mkdtempSync(join(temporary.length > LONGEST_FOLDER ? "/tmp" : temporary, "rg-ssh-"));
}

/** A folder for the sockets of connections that live as long as this process. It is removed even if that is killed. */
export class SocketFolder {
  #path: string | undefined;
  #sockets = 0;

  /** The path of another socket. */
  next(): string {
    this.#path ??= makeLastingFolder();
    return join(this.#path, String(++this.#sockets));
  }
}

/** A process of its own group waits for the end of this one. */
function makeLastingFolder(): string {
  const path = makeSocketFolder();
  const stdio = ["pipe", "ignore", "ignore"] as const;
  const remover = spawn("sh", ["-c", REMOVE, "sh", path], { stdio: [...stdio], detached: true });
  remover.on("error", () => {});
  remover.unref();
  const { stdin } = remover;
  if (stdin && "unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return path;
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The path of a socket is limited to about a hundred characters, of which OpenSSH needs some. */
const LONGEST_FOLDER = 50;

/** Where folders for sockets are made; `longest` is how long its path may be. */
export function shortTemporaryFolder(longest = LONGEST_FOLDER): string {
  const temporary = tmpdir();
  return temporary.length > longest ? "/tmp" : temporary;
}

/** Makes a folder for sockets, private as OpenSSH requires. */
export function makeSocketFolder(): string {
  return mkdtempSync(join(shortTemporaryFolder(), "rg-ssh-"));
}

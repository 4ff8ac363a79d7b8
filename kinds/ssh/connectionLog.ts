import { readFileSync, statSync } from "node:fs";

const MAX_WORDS = 8_192;

/** What `ssh` says about a connection: in a file, which other processes may write, too, and on its standard error. */
export class ConnectionLog {
  readonly file: string;
  readonly #from: number;
  #said = "";

  constructor(file: string) {
    this.file = file;
    this.#from = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  add(text: string): void {
    this.#said = `${this.#said}${text}`.slice(-MAX_WORDS);
  }

  get all(): string {
    return this.#since(0);
  }

  /** What was said since this process began with it. */
  get latest(): string {
    return this.#since(this.#from);
  }

  #since(from: number): string {
    try {
      return `${readFileSync(this.file).subarray(from).toString("utf8").slice(-MAX_WORDS)}${this.#said}`;
    } catch {
      return this.#said;
    }
  }
}

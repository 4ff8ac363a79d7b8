import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { isSystemError } from "#rollout/common/errors.ts";

/** What an application writes: a file per run, and the one of the run before, since it may explain why that ended. */
export class AppLog {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Begins the log of a new run; it may hold what is not for everybody. */
  async begin(): Promise<FileHandle> {
    await rename(this.#file, `${this.#file}.1`).catch((error: unknown) => {
      if (!isSystemError(error, "ENOENT")) throw error;
    });
    return open(this.#file, "a", 0o640);
  }

  /** The last lines of the current run. */
  async tail(lines: number): Promise<string[]> {
    const text = await readFile(this.#file, "utf8").catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return "";
      throw error;
    });
    const written = text.trimEnd();
    return written === "" ? [] : written.split("\n").slice(-lines);
  }
}

import { type FileHandle, open, rename } from "node:fs/promises";
import { isSystemError } from "#rollout/common/errors.ts";

const MOST_BYTES = 256 * 1024;

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
    const written = (await this.#end()).trimEnd();
    return written === "" ? [] : written.split("\n").slice(-lines);
  }

  /** An application may have written more than fits into memory. */
  async #end(): Promise<string> {
    try {
      await using file = await open(this.#file);
      const { size } = await file.stat();
      const length = Math.min(size, MOST_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString("utf8", 0, bytesRead);
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return "";
      throw error;
    }
  }
}

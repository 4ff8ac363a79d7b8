import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSystemError } from "../common/errors.ts";
import { isAlive } from "../lease/thisProcess.ts";
import { renderReport } from "../report/renderReport.ts";
import { parseLines, type RecordLine, recordOf } from "./recordLines.ts";
import { isRollId } from "./rollId.ts";
import type { RollOutcome, RollRecord } from "./rollRecord.ts";

/** Rolls of a stack to keep. */
const KEPT = 50;
const LINES = ".jsonl";
/** Almost every first line is shorter. */
const FIRST_BYTES = 65_536;
const ENDINGS = [LINES, ".json", ".html"];

/** A roll that has left a record. */
export interface KeptRoll {
  readonly record: RollRecord;
  /** Its page, or its JSON if there is none. */
  readonly report?: string;
}

/** A roll that ended without a word. */
export interface KilledRoll extends KeptRoll {
  /** Whether its process is gone for sure; otherwise it may be on another machine. */
  readonly isGone: boolean;
}

/** The folder with the records of rolls, possibly of several stacks. */
export class RecordFolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Creates the file for the lines of a roll, and the folder if it is missing; only its owner may read them. */
  async begin(id: string): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    return open(join(this.#path, `${id}${LINES}`), "ax", 0o600);
  }

  /** Writes the JSON and the page of a roll that is over, and returns the path of the page. */
  async finish(record: RollRecord): Promise<string> {
    await this.#write(`${record.id}.json`, `${JSON.stringify(record)}\n`);
    return this.#write(`${record.id}.html`, renderReport(record));
  }

  /**
   * Finishes the rolls of a stack that ended without a word, and returns them, the oldest first. One on another machine
   * that is still waiting for the lease looks like that, too; the outcome that it writes in the end counts.
   */
  async finishKilled(stack: string | undefined): Promise<KilledRoll[]> {
    const killed: KilledRoll[] = [];
    const names = await this.#names();
    // All others may have megabytes.
    for (const id of (await this.#ids()).filter((each) => !names.includes(`${each}.json`))) {
      const lines = await this.#lines(id);
      const [first] = lines;
      if (first?.event !== "start" || first.stack !== stack) continue;
      if (lines.some(({ event }) => event === "outcome")) continue;
      const alive = first.process && (await isAlive(first.process));
      if (alive) continue;
      const end: RecordLine = { event: "outcome", outcome: "killed", warnings: [] };
      // Its last line may have no end.
      await writeFile(join(this.#path, `${id}${LINES}`), `\n${JSON.stringify(end)}\n`, { flag: "a" });
      const record = recordOf([...lines, end]);
      if (record) killed.push({ record, report: await this.finish(record), isGone: alive === false });
    }
    return killed;
  }

  /** How a roll ended; `undefined` if that can't be told. */
  async outcomeOf(id: string): Promise<RollOutcome | undefined> {
    return recordOf(await this.#lines(id))?.outcome;
  }

  /** The newest rolls of a stack, newest first; those of every stack if none is given. */
  async newest(count: number, stack?: string): Promise<KeptRoll[]> {
    const rolls: KeptRoll[] = [];
    const names = await this.#names();
    for (const id of (await this.#ids()).reverse()) {
      if (rolls.length === count) break;
      const record = await this.#record(id);
      if (!record || (stack !== undefined && record.stack !== stack)) continue;
      const report = [`${id}.html`, `${id}.json`].find((name) => names.includes(name));
      rolls.push({ record, ...(report !== undefined && { report: join(this.#path, report) }) });
    }
    return rolls;
  }

  /** Removes all but the newest rolls of a stack. */
  async prune(stack: string | undefined): Promise<void> {
    const ids = await this.#ids();
    if (ids.length <= KEPT) return;
    const own: string[] = [];
    for (const id of ids) {
      const first = await this.#firstLine(id);
      if (first?.event === "start" && first.stack === stack) own.push(id);
    }
    const names = own.slice(0, -KEPT).flatMap((id) => ENDINGS.map((ending) => `${id}${ending}`));
    await Promise.all(names.map((name) => rm(join(this.#path, name), { force: true })));
  }

  /** A roll whose process is known to be gone has been killed, even if no later one has noticed that yet. */
  async #record(id: string): Promise<RollRecord | undefined> {
    const lines = await this.#lines(id);
    const [record, [first]] = [recordOf(lines), lines];
    if (record?.outcome !== "rolling" || first?.event !== "start" || !first.process) return record;
    return (await isAlive(first.process)) === false ? { ...record, outcome: "killed" } : record;
  }

  async #ids(): Promise<string[]> {
    const names = await this.#names();
    return names
      .filter((name) => name.endsWith(LINES))
      .map((name) => name.slice(0, -LINES.length))
      .filter(isRollId)
      .toSorted();
  }

  async #names(): Promise<string[]> {
    return readdir(this.#path).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT")) return [];
      throw error;
    });
  }

  async #lines(id: string): Promise<RecordLine[]> {
    // What another account has written may be closed to this one.
    return parseLines(await readFile(join(this.#path, `${id}${LINES}`), "utf8").catch(() => ""));
  }

  async #firstLine(id: string): Promise<RecordLine | undefined> {
    try {
      const file = await open(join(this.#path, `${id}${LINES}`));
      const { buffer, bytesRead } = await file
        .read({ buffer: Buffer.alloc(FIRST_BYTES) })
        .finally(() => file.close());
      const [first] = parseLines(buffer.toString("utf8", 0, bytesRead).split("\n", 1)[0] ?? "");
      return first ?? (await this.#lines(id))[0];
    } catch {
      return undefined;
    }
  }

  /** Nobody sees half a file. */
  async #write(name: string, text: string): Promise<string> {
    const path = join(this.#path, name);
    const draft = `${path}.${process.pid}`;
    try {
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    return path;
  }
}

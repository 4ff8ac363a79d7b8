import type { FileHandle } from "node:fs/promises";
import { messageOf, RollFailed } from "../common/errors.ts";
import { secondsSince } from "../common/secondsSince.ts";
import { within } from "../common/within.ts";
import { thisProcess } from "../lease/thisProcess.ts";
import type { CountedInRoll } from "../ledger/countedInRoll.ts";
import type { Report } from "../roll/reporter.ts";
import type { RollResult } from "../roll/roll.ts";
import { hideSecrets } from "./hideSecrets.ts";
import { type KeptRoll, type KilledRoll, RecordFolder } from "./recordFolder.ts";
import { type RecordLine, type RollEnd, type RollFacts, recordOf } from "./recordLines.ts";
import { newRollId } from "./rollId.ts";
import type { RollOutcome, RollRecord } from "./rollRecord.ts";

/** A folder that does not answer must not hold up a roll. */
const FOLDER_SECONDS = 10;

/** What is known about a roll when it begins, besides its name and the time. */
export type RecorderFacts = Omit<RollFacts, "format" | "id" | "began">;

/** Where a roll is recorded, if anywhere, and how. */
export interface RecorderOptions {
  readonly folder?: string;
  /** Hides secrets. */
  readonly redact: (text: string) => string;
  /** Called with one line if the record can't be written; the roll goes on. */
  readonly warn: (message: string) => void;
}

/** Takes down what a roll does while it does it, so that one that is killed leaves a record, too. */
export class Recorder {
  readonly id: string;
  readonly #lines: RecordLine[] = [];
  readonly #options: RecorderOptions;
  readonly #folder: RecordFolder | undefined;
  readonly #began = performance.now();
  readonly #stack: string | undefined;
  #killed: readonly KilledRoll[] = [];
  #counted: Partial<CountedInRoll> = {};
  #file: FileHandle | undefined;
  #writing: Promise<void> = Promise.resolve();
  #ended: Promise<KeptRoll> | undefined;

  private constructor(id: string, stack: string | undefined, options: RecorderOptions) {
    this.id = id;
    this.#stack = stack;
    this.#options = options;
    this.#folder = options.folder === undefined ? undefined : new RecordFolder(options.folder);
  }

  /** Begins the record of a roll, and finishes those of earlier ones that were killed. */
  static async start(facts: RecorderFacts, options: RecorderOptions) {
    const [began, process] = [new Date(), await thisProcess()];
    const recorder = new Recorder(newRollId(began), facts.stack, options);
    await recorder.#open();
    const { settings, ...plain } = facts;
    recorder.#add({
      event: "start",
      format: 1,
      id: recorder.id,
      began: began.toISOString(),
      ...plain,
      settings: hideSecrets(settings, options.redact),
      ...(process && { process }),
    });
    return recorder;
  }

  /** The earlier rolls of the stack that were killed, and that no other roll has found before. */
  get killed(): readonly KilledRoll[] {
    return this.#killed;
  }

  /** How such a roll ended, as far as is known by now. */
  async outcomeOf({ record: { id } }: KilledRoll): Promise<RollOutcome> {
    return (await this.#try((folder) => folder.outcomeOf(id))) ?? "killed";
  }

  /** The record so far. */
  get record(): RollRecord {
    const record = recordOf(this.#lines);
    if (!record) throw new TypeError("a roll is recorded before it begins");
    return record;
  }

  /** What each host ran before, by its name; without those that ran nothing. */
  before(releases: Readonly<Record<string, string>>): void {
    this.#add({ event: "before", releases });
  }

  report(report: Report): void {
    const elapsedSeconds = Math.round(report.elapsedSeconds * 1000) / 1000;
    this.#add({ event: "report", ...report, message: this.#options.redact(report.message), elapsedSeconds });
  }

  /** What nginx counted; call it before the end. */
  counted({ paths, ...counted }: CountedInRoll): void {
    this.#counted = { ...counted, ...(paths && { paths: hideSecrets(paths, this.#options.redact) }) };
  }

  async succeeded({ durationSeconds, warnings }: RollResult): Promise<KeptRoll> {
    return this.#end({ outcome: "succeeded", durationSeconds, warnings });
  }

  async failed(error: unknown): Promise<KeptRoll> {
    const evidence = error instanceof RollFailed ? error.evidence : [];
    const failure = { message: messageOf(error), evidence };
    return this.#end({
      outcome: "failed",
      durationSeconds: secondsSince(this.#began),
      warnings: [],
      failure,
    });
  }

  /** Only the first outcome counts. */
  async #end(end: RollEnd): Promise<KeptRoll> {
    this.#ended ??= this.#finish({ ...hideSecrets(end, this.#options.redact), ...this.#counted });
    return this.#ended;
  }

  async #finish(end: RollEnd): Promise<KeptRoll> {
    this.#add({ event: "outcome", ...end });
    const { record } = this;
    const report = await this.#try(async (folder) => {
      await this.#writing;
      if (!this.#file) return undefined;
      await this.#file.close();
      return folder.finish(record);
    });
    if (report !== undefined) await this.#try((folder) => folder.prune(this.#stack));
    return { record, ...(report !== undefined && { report }) };
  }

  async #open(): Promise<void> {
    await this.#try(async (folder) => {
      this.#killed = await folder.finishKilled(this.#stack);
      this.#file = await folder.begin(this.id);
    });
  }

  #add(line: RecordLine): void {
    this.#lines.push(line);
    const file = this.#file;
    if (!file) return;
    this.#writing = this.#writing.then(() =>
      this.#try(async () => {
        if (this.#file) await file.appendFile(`${JSON.stringify(line)}\n`);
      }),
    );
  }

  /** Gives the record up, with one warning, as soon as something is wrong with the folder. */
  async #try<T>(work: (folder: RecordFolder) => Promise<T>): Promise<T | undefined> {
    if (!this.#folder) return undefined;
    try {
      return await within(FOLDER_SECONDS, "writing it", work(this.#folder));
    } catch (error) {
      this.#options.warn(`this roll leaves no complete record in reports: ${messageOf(error)}`);
      await this.#file?.close().catch(() => {});
      this.#file = undefined;
      return undefined;
    }
  }
}

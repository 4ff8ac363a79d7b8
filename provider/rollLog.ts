import type { Olds } from "#kinds/change.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { secondsSince } from "#rollout/common/secondsSince.ts";
import type { CountedInRoll } from "#rollout/ledger/countedInRoll.ts";
import { Notifier } from "#rollout/notify/notifier.ts";
import { entriesIn, type HistoryEntry, historyEntry, mergeHistory } from "#rollout/record/history.ts";
import { Recorder } from "#rollout/record/recorder.ts";
import { type KeptRoll, type KilledRoll, RecordFolder } from "#rollout/record/recordFolder.ts";
import type { RollRecord } from "#rollout/record/rollRecord.ts";
import type { NotifyEvent } from "#rollout/request/notify.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { Phase, Report } from "#rollout/roll/reporter.ts";
import type { RollOptions, RollResult } from "#rollout/roll/roll.ts";
import { sendTrace } from "#rollout/traces/sendTrace.ts";
import { rollFacts } from "./rollFacts.ts";

/** The first of these tells that a roll goes back. */
const WAY_BACK: readonly Phase[] = ["restore", "rollback"];

/** What a roll adds to the outputs. A preview would show one that is missing as unknown, each time. */
export interface LogOutputs {
  /** The path of the report of the last roll; `null` if it could not be written, or no records are kept. */
  readonly report: string | null;
  /** The last rolls, newest first; `null` if no records are kept. */
  readonly history: readonly HistoryEntry[] | null;
}

interface LogOptions {
  readonly olds: Olds;
  readonly redact: (text: string) => string;
  readonly print: (report: Report) => void;
}

/** Prints what a roll does, and records it. */
export class RollLog {
  readonly #recorder: Recorder;
  readonly #notifier: Notifier;
  readonly #request: RollRequest;
  readonly #folder: string | undefined;
  readonly #options: LogOptions;
  readonly #began = performance.now();
  readonly #tellingOfKilled: Promise<void>[] = [];
  readonly #sendingOfKilled: Promise<void>[] = [];

  private constructor(recorder: Recorder, notifier: Notifier, request: RollRequest, options: LogOptions) {
    this.#recorder = recorder;
    this.#notifier = notifier;
    this.#request = request;
    this.#folder = request.reports;
    this.#options = options;
  }

  static async begin(request: RollRequest, owner: string, options: LogOptions): Promise<RollLog> {
    const { reports: folder, notify = [] } = request;
    const began = performance.now();
    const warn = (message: string) =>
      options.print({ phase: "warning", message, elapsedSeconds: secondsSince(began) });
    const recorder = await Recorder.start(await rollFacts(request, owner), {
      ...(folder !== undefined && { folder }),
      redact: options.redact,
      warn,
    });
    const log = new RollLog(recorder, new Notifier(notify, warn), request, options);
    for (const killed of recorder.killed.filter(({ isGone }) => isGone)) log.#tellOfKilled(killed);
    return log;
  }

  /** The name of the record, and where people will find the report. */
  get place(): Pick<RollOptions, "id" | "reportUrl"> {
    const { id } = this.#recorder;
    const { reports, reportsUrl } = this.#request;
    if (reports === undefined || reportsUrl === undefined) return { id };
    return { id, reportUrl: `${reportsUrl.replace(/\/+$/, "")}/${id}.html` };
  }

  before(releases: Readonly<Record<string, string>>): void {
    // Whoever had the lease has lost it by now; one that still waits for it has not touched a host.
    const mayBeKilled = this.#recorder.killed.filter(
      ({ isGone, record }) => !isGone && record.reports.some(({ host }) => host !== undefined),
    );
    this.#tellingOfKilled.push(...mayBeKilled.map((killed) => this.#tellUnlessEnded(killed)));
    this.#recorder.before(releases);
    this.#notifier.tell("start", { record: this.#recorder.record });
  }

  report(report: Report): void {
    const { print, redact } = this.#options;
    print(report);
    this.#recorder.report(report);
    const { phase, host = "the fleet", message } = report;
    if (WAY_BACK.includes(phase)) {
      const { record } = this.#recorder;
      this.#notifier.tell("rollback", { record }, redact(`${host}: ${message}`));
    }
  }

  counted(counted: CountedInRoll): void {
    this.#recorder.counted(counted);
  }

  async succeeded(result: RollResult): Promise<LogOutputs> {
    return this.#end("success", await this.#recorder.succeeded(result));
  }

  async failed(error: unknown): Promise<LogOutputs> {
    return this.#end("failure", await this.#recorder.failed(error));
  }

  async #end(event: NotifyEvent, roll: KeptRoll): Promise<LogOutputs> {
    await Promise.all(this.#tellingOfKilled);
    this.#notifier.tell(event, roll);
    await Promise.all([this.#notifier.close(), ...this.#sendingOfKilled, this.#sendTrace(roll.record)]);
    if (this.#folder === undefined) return { report: null, history: null };
    const { report = null } = roll;
    if (report !== null) this.#tell("report", report);
    // What the state had survives where the folder does not, such as on CI.
    const kept = await this.#kept(this.#folder, roll.record.stack);
    const history = mergeHistory([historyEntry(roll)], kept, entriesIn(this.#options.olds.history));
    return { report, history };
  }

  /** It may have come to its end while this one waited for the lease. */
  async #tellUnlessEnded(killed: KilledRoll): Promise<void> {
    if ((await this.#recorder.outcomeOf(killed)) === "killed") this.#tellOfKilled(killed);
  }

  /** It could not tell itself. */
  #tellOfKilled(killed: KilledRoll): void {
    this.#notifier.tell("failure", killed);
    this.#sendingOfKilled.push(this.#sendTrace(killed.record));
  }

  async #sendTrace(record: RollRecord): Promise<void> {
    const { traceCollector: collector } = this.#request;
    const problem = collector === undefined ? undefined : await sendTrace(record, collector);
    if (problem === undefined) return;
    const which = record.outcome === "killed" ? "an earlier roll, which was killed" : "this roll";
    this.#tell("warning", `${collector} did not get the spans of ${which}: ${problem}`);
  }

  async #kept(folder: string, stack: string | undefined): Promise<HistoryEntry[]> {
    try {
      return (await new RecordFolder(folder).newest(10, stack)).map(historyEntry);
    } catch (error) {
      this.#tell("warning", `earlier rolls can't be read from reports: ${messageOf(error)}`);
      return [];
    }
  }

  #tell(phase: "report" | "warning", message: string): void {
    this.#options.print({ phase, message, elapsedSeconds: secondsSince(this.#began) });
  }
}

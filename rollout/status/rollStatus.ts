import { secondsSince } from "../common/secondsSince.ts";
import { within } from "../common/within.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import { firstNameOf } from "../host/slots.ts";
import type { LedgerFigures } from "../ledger/figures.ts";
import { hostFailureIn } from "../roll/hostRollFailed.ts";
import type { Phase, Report } from "../roll/reporter.ts";
import { type DesiredRelease, targetOf } from "../roll/targets.ts";
import { type ShownHost, type ShownRoll, type ShownSlot, type ShownState, slotsIn } from "./shownState.ts";
import type { StatusFile } from "./statusFile.ts";
import { type Held, StatusWriter } from "./statusWriter.ts";

const ANSWER_SECONDS = 5;

/** Who rolls, and where people will find its record. */
export interface StatusFacts {
  readonly owner: string;
  readonly id?: string;
  readonly reportUrl?: string;
}

/** Shows on nginx's status page what a roll does. Nothing that happens to it holds up or fails the roll. */
export class RollStatus {
  readonly #fleet: readonly AppHost[];
  readonly #desired: DesiredRelease;
  readonly #slots = new Map<string, ShownSlot>();
  readonly #hosts: Map<string, ShownHost>;
  readonly #began = performance.now();
  #roll: Omit<ShownRoll, "hosts">;
  #writers: readonly StatusWriter[] = [];
  #beginning: Promise<void> = Promise.resolve();

  constructor(hosts: readonly AppHost[], desired: DesiredRelease, { owner, id, reportUrl }: StatusFacts) {
    this.#fleet = hosts;
    this.#desired = desired;
    this.#hosts = new Map(
      hosts.map(({ name }) => [name, { name, to: targetOf(desired, name).release }] as const),
    );
    this.#roll = {
      ...(id !== undefined && { id }),
      owner,
      release: desired.release,
      began: now(),
      outcome: "rolling",
      phase: "stage",
      ...(reportUrl !== undefined && { report: reportUrl }),
    };
  }

  /** Call it once the lease is held. */
  begin(files: readonly StatusFile[], lease: Held): void {
    if (files.length > 0) this.#beginning = this.#begin(files, lease);
  }

  /** What each host ran before, by its name; without those that ran nothing. */
  before(releases: Readonly<Record<string, string>>): void {
    for (const [name, from] of Object.entries(releases)) this.#change(name, { from });
  }

  /** A phase of a host begins. */
  begins(phase: Phase, { name }: AppHost): void {
    this.#withoutPhase();
    this.#change(name, { phase, since: now() });
  }

  /** What is printed, which mostly tells the end of a phase. */
  hears({ phase, host }: Report): void {
    if (phase === "wait" && host === undefined) this.#roll = { ...this.#roll, phase };
    if (phase === "stage") this.#withoutPhase();
    const shown = host === undefined ? undefined : this.#hosts.get(host);
    if (shown && isWayBack(phase)) this.#change(shown.name, { phase, since: now(), isBack: true });
    // What runs after the whole roll may run on any host.
    if (shown && phase === "hook" && shown.phase !== "done" && shown.phase !== phase)
      this.#change(shown.name, { phase, since: now() });
    if (shown && phase === "done") this.isDone(shown);
    this.#changed();
  }

  /** A host runs what it should. */
  isDone({ name }: Pick<AppHost, "name">): void {
    const { isBack: _, ...shown } = this.#hosts.get(name) ?? { name, to: "" };
    this.#hosts.set(name, { ...shown, phase: "done", since: now() });
    this.#changed();
  }

  /** A host runs again what it ran before. */
  wentBack({ name }: Pick<AppHost, "name">): void {
    this.#change(name, { phase: "done", since: now(), isBack: true });
  }

  /** A slot runs a release, or nothing. */
  runs({ name }: Slot, release: string | undefined): void {
    const { release: _, ...rest } = this.#slots.get(name) ?? {};
    this.#slots.set(name, { ...rest, ...(release !== undefined && { release }) });
    this.#changed();
  }

  drains({ name }: Slot): void {
    const { release } = targetOf(this.#desired, firstNameOf(name));
    const drainedBy = `roll of ${release} by ${withoutProcess(this.#roll.owner)}`;
    this.#slots.set(name, { ...this.#slots.get(name), drainedBy });
    this.#changed();
  }

  /** `release` is absent if the slot takes traffic with what it ran before. */
  admits({ name }: Slot, release?: string): void {
    const { drainedBy: _, ...rest } = this.#slots.get(name) ?? {};
    this.#slots.set(name, { ...rest, ...(release !== undefined && { release }) });
    this.#changed();
  }

  /** The roll may be over in a moment, and then there is a last text to write. */
  endsSoon(): void {
    for (const writer of this.#writers) writer.waits();
  }

  async succeeded(ledger: LedgerFigures | undefined): Promise<void> {
    await this.#end({ outcome: "succeeded", ...countsOf(ledger) });
  }

  /** Returns a warning if the outcome is not shown, unless one of these tells about the same nginx. */
  problems(warnings: readonly string[]): string[] {
    const problems = this.#writers
      .filter(({ name }) => !warnings.some((warning) => warning.startsWith(`${name} `)))
      .flatMap(({ problem }) => problem ?? []);
    return problems.length === 0 ? [] : [`/status does not show how this roll ended: ${problems.join("; ")}`];
  }

  async failed(error: unknown, ledger: LedgerFigures | undefined): Promise<void> {
    const { host, phase } = hostFailureIn(error) ?? {};
    const failedAt = host !== undefined && phase !== undefined && { failedAt: { host, phase } };
    await this.#end({ outcome: "failed", ...failedAt, ...countsOf(ledger) });
  }

  async #begin(files: readonly StatusFile[], lease: Held): Promise<void> {
    await this.#recall(files);
    this.#writers = files.map((file) => new StatusWriter(file, () => this.#text(), lease));
    for (const writer of this.#writers) writer.begin();
  }

  /** Until the hosts are looked at, an earlier roll knows best what they run. */
  async #recall(files: readonly StatusFile[]): Promise<void> {
    const names = this.#fleet.flatMap(({ name, second }) => [name, second?.name]);
    const texts = await Promise.all(
      files.map((file) => within(ANSWER_SECONDS, "reading it", file.read()).catch(() => undefined)),
    );
    const text = texts.find((each) => each !== undefined) ?? "";
    for (const [name, slot] of Object.entries(slotsIn(text)))
      if (names.includes(name) && !this.#slots.has(name)) this.#slots.set(name, slot);
  }

  async #end(end: Pick<ShownRoll, "outcome" | "failedAt" | "requests" | "lost">): Promise<void> {
    this.#withoutPhase();
    this.#roll = { ...this.#roll, ...end, ended: now(), durationSeconds: secondsSince(this.#began) };
    await this.#beginning;
    await Promise.all(this.#writers.map((writer) => writer.end()));
  }

  #change(host: string, change: Partial<ShownHost>): void {
    const shown = this.#hosts.get(host);
    if (shown) this.#hosts.set(host, { ...shown, ...change });
    this.#changed();
  }

  #withoutPhase(): void {
    const { phase: _, ...roll } = this.#roll;
    this.#roll = roll;
  }

  #changed(): void {
    for (const writer of this.#writers) writer.changed();
  }

  #text(): string {
    const state: ShownState = {
      format: 1,
      written: now(),
      roll: { ...this.#roll, hosts: [...this.#hosts.values()] },
      slots: Object.fromEntries(this.#slots),
    };
    return `${JSON.stringify(state)}\n`;
  }
}

function isWayBack(phase: Phase): boolean {
  return phase === "restore" || phase === "rollback";
}

function countsOf(ledger: LedgerFigures | undefined): Pick<ShownRoll, "requests" | "lost"> {
  return ledger ? { requests: ledger.requests, lost: ledger.lost } : {};
}

/** `ann@build-1`: once the roll is over, its process says nothing. */
function withoutProcess(owner: string): string {
  return owner.replace(/ \(pid \d+\)$/, "");
}

function now(): string {
  return new Date().toISOString();
}

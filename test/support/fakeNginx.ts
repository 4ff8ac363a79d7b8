import { RollgateError } from "#rollout/common/errors.ts";
import { MachineUnreachable } from "#rollout/machine/machine.ts";
import type { OneNginx } from "#rollout/nginx/oneNginx.ts";
import type { UpstreamState } from "#rollout/nginx/reverseProxy.ts";
import { STANDBY_FLAG } from "#rollout/nginx/standby.ts";

/** An nginx whose flags outlive it, on a machine that may be out of reach. */
export class FakeNginx implements OneNginx {
  readonly url: string;
  /** The flags on its disk. */
  readonly flags: Set<string>;
  /** What happens to it, or is asked of it: `drain app-1`, `mark app-1 true`, … */
  readonly journal: string[] = [];
  /** Connections by slot. */
  readonly left: Record<string, number> = {};
  /** Slots that it does not see up. */
  readonly down = new Set<string>();
  isAlive = true;
  /** Whether it doesn't answer, although it listens. */
  hangs = false;
  isReachable = true;
  /** Whether it ignores flags. */
  isBlind = false;
  /** Runs before each entry of the journal. */
  before: (entry: string) => void = () => {};

  constructor(url: string, ...flags: string[]) {
    this.url = url;
    this.flags = new Set(flags);
  }

  /** Its process dies. */
  die(): void {
    this.isAlive = false;
  }

  /** Its machine dies, or the way to it. */
  vanish({ serves = false } = {}): void {
    this.isReachable = false;
    this.isAlive = serves;
  }

  /** It runs again, with the flags on its disk. */
  comeBack(): void {
    this.isReachable = true;
    this.isAlive = true;
  }

  async preflight(): Promise<void> {
    this.#ask();
  }

  async drained(): Promise<ReadonlySet<string>> {
    this.#ask();
    return new Set([...this.flags].filter((flag) => flag !== STANDBY_FLAG));
  }

  async drain({ name }: { name: string }): Promise<void> {
    await this.#confirm(`drain ${name}`, name, true);
  }

  async admit({ name }: { name: string }): Promise<void> {
    await this.#confirm(`admit ${name}`, name, false);
  }

  /** The releases that its log would name. */
  readonly releases = new Map<string, string>();

  answers({ name }: { name: string }, release: string): void {
    this.releases.set(name, release);
  }

  async standBy(isOn: boolean): Promise<void> {
    await this.mark(STANDBY_FLAG, isOn);
  }

  async standsBy(): Promise<boolean> {
    this.#requireMachine();
    return this.flags.has(STANDBY_FLAG);
  }

  async mark(slot: string, drained: boolean): Promise<void> {
    this.#happen(`mark ${slot} ${drained}`);
    this.#write(slot, drained);
  }

  async connections({ name }: { name: string }): Promise<number> {
    this.#requireMachine();
    return this.left[name] ?? 0;
  }

  async upstream({ name }: { name: string }): Promise<UpstreamState> {
    if (!this.#answers) return { up: false, detail: `nginx at ${this.url} does not answer` };
    return this.down.has(name) ? { up: false, detail: "down, rise 0" } : { up: true, detail: "200 UP" };
  }

  async isListening(): Promise<boolean> {
    this.#requireMachine();
    return this.isAlive;
  }

  /** Given by the test, by URL. */
  readonly sees = new Set<string>();

  async reaches(url: string): Promise<boolean> {
    return this.sees.has(url);
  }

  async #confirm(entry: string, slot: string, drained: boolean): Promise<void> {
    this.#happen(entry);
    this.#write(slot, drained);
    this.#ask();
    if (this.isBlind) throw new RollgateError("drain-unconfirmed", `nginx at ${this.url} does not see it`);
  }

  #happen(entry: string): void {
    this.before(entry);
    this.journal.push(entry);
  }

  #write(slot: string, drained: boolean): void {
    this.#requireMachine();
    if (drained) this.flags.add(slot);
    else this.flags.delete(slot);
  }

  #ask(): void {
    this.#requireMachine();
    if (!this.#answers)
      throw new RollgateError("nginx-unreachable", `nginx at ${this.url} does not answer: ECONNREFUSED`);
  }

  #requireMachine(): void {
    if (!this.isReachable) throw new MachineUnreachable(`${this.url} cannot be reached`);
  }

  get #answers(): boolean {
    return this.isReachable && this.isAlive && !this.hangs;
  }
}

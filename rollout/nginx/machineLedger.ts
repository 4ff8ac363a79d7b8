import { inOrder } from "../common/inOrder.ts";
import { parseSums } from "../ledger/parseSums.ts";
import type { Look, RequestCounter } from "../ledger/requestCounter.ts";
import type { Machine } from "../machine/machine.ts";
import { flushMilliseconds, LEDGER_FLAG, TAKES_PROBES } from "./configuration/ledgerLog.ts";
import type { GroupedNginxAccess, NginxAnswer } from "./nginxAccess.ts";
import { nginxScript } from "./nginxScripts.ts";

const ANSWER_MILLISECONDS = 5_000;
/** How long what was asked ahead is good for: nginx may get another configuration. */
const AHEAD_MILLISECONDS = 1_000;
/** Well beyond what a deployer may be busy or out of reach, and short enough for the disk. */
const UNREAD_SECONDS = 120;
const LIMIT_BYTES = 64 * 2 ** 20;
const START = nginxScript("start-ledger");
const WATCH = nginxScript("forget-sum", "watch-ledger", "lower-flag", "sum-flags");
const LOOK = nginxScript(
  "find-master",
  "../../machine/scripts/look-at-clock",
  "../../machine/scripts/look-at-process",
  "await-written",
  "sum-ledger",
  "look-ledger",
);

/** Where it is, and when it is replaced or given up. */
export interface LedgerPlace {
  readonly directory: string;
  /** What tells nginx's master from others, if not that folder. */
  readonly master?: string;
  readonly limitBytes?: number;
  readonly unreadSeconds?: number;
}

type LedgerAccess = Pick<
  GroupedNginxAccess,
  "url" | "get" | "probe" | "raiseFlag" | "lowerFlag" | "endLedger"
>;

/** The ledger of an nginx on any machine. If nobody reads it, a process there ends it. */
export class MachineLedger implements RequestCounter {
  readonly name: string;
  readonly #machine: Machine;
  readonly #place: LedgerPlace;
  readonly #access: LedgerAccess;
  #ahead: { readonly at: number; readonly answer: Promise<NginxAnswer> } | undefined;
  #position = "";
  #takesProbes = false;
  #writtenMilliseconds: number | undefined;

  constructor(machine: Machine, place: LedgerPlace, access: LedgerAccess) {
    this.name = `nginx at ${access.url}`;
    this.#machine = machine;
    this.#place = place;
    this.#access = access;
  }

  ask(): void {
    const answer = this.#get();
    answer.catch(() => {});
    this.#ahead = { at: performance.now(), answer };
  }

  async begin(): Promise<boolean> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isCurrent = ahead !== undefined && performance.now() - ahead.at < AHEAD_MILLISECONDS;
    const { statusCode, body } = await (isCurrent ? ahead.answer : this.#get());
    if (statusCode !== 200) return false;
    const words = new TextDecoder().decode(body).split(" ");
    this.#takesProbes = words.includes(TAKES_PROBES);
    this.#writtenMilliseconds = flushMilliseconds(words);
    const { directory, unreadSeconds = UNREAD_SECONDS } = this.#place;
    const args = [directory, LEDGER_FLAG, String(unreadSeconds), WATCH];
    // At the same time: nginx writes its first lines a moment after the flag is up.
    const [position] = await inOrder(this.#machine.run(START, args), this.#access.raiseFlag(LEDGER_FLAG));
    this.#position = position.trim();
    return true;
  }

  get writtenMilliseconds(): number | undefined {
    return this.#writtenMilliseconds;
  }

  get probe(): RequestCounter["probe"] {
    return this.#takesProbes ? (path, signal) => this.#access.probe(path, signal) : undefined;
  }

  /** Not for an nginx that isn't ours: with `timer_resolution`, its workers sleep although lines are due. */
  get lookOnceWritten(): RequestCounter["lookOnceWritten"] {
    if (this.#place.master !== undefined) return undefined;
    return (mostMilliseconds) => this.#look(Math.ceil(mostMilliseconds / 10));
  }

  look(): Promise<Look> {
    return this.#look(0);
  }

  async #look(mostHundredths: number): Promise<Look> {
    const { directory, master = directory, limitBytes = LIMIT_BYTES } = this.#place;
    const args = [directory, master, String(limitBytes), this.#position, String(mostHundredths)];
    const { position, ...look } = parseSums(await this.#machine.run(LOOK, args));
    this.#position = position;
    return look;
  }

  async stop(): Promise<void> {
    await this.#access.lowerFlag(LEDGER_FLAG);
  }

  #get(): Promise<NginxAnswer> {
    return this.#access.get("/rollgate/ledger", AbortSignal.timeout(ANSWER_MILLISECONDS));
  }

  async end(): Promise<void> {
    await this.#access.endLedger(LEDGER_FLAG);
  }
}

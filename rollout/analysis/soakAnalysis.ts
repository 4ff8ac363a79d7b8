import type { LedgerRow } from "../ledger/ledgerSums.ts";
import type { Analysis } from "../request/analysis.ts";
import { judge, type Verdict } from "./judge.ts";
import { trafficOf } from "./traffic.ts";

/** What nginx has counted so far of what clients sent. */
export interface Counted {
  /** Whether any nginx counts. */
  readonly isOn: boolean;
  /** The same array until there is something new. */
  rows(): readonly LedgerRow[];
  /** The same for the requests of the roll itself. */
  probes(): readonly LedgerRow[];
  /** When a slot was admitted in this roll, in milliseconds since 1970; `undefined` if it was not. */
  admittedAt(slot: string): number | undefined;
}

/** The slot that is judged. */
export interface Judged {
  readonly slot: string;
  readonly release: string;
  /** When it was admitted, in milliseconds since 1970. */
  readonly admitted: number;
}

/**
 * Holds a slot against what the others answered since it was admitted. Where no other runs another release any more, it is
 * held against the time before.
 */
export class SoakAnalysis {
  readonly #counted: Counted;
  readonly #limits: Analysis;
  readonly #judged: Judged;
  /** Of the last look; nginx's figures change less often than a soak looks. */
  #last:
    | {
        readonly rows: readonly LedgerRow[];
        readonly probes: readonly LedgerRow[];
        readonly verdict: Verdict;
      }
    | undefined;

  constructor(counted: Counted, limits: Analysis, judged: Judged) {
    this.#counted = counted;
    this.#limits = limits;
    this.#judged = judged;
  }

  /** What is thought of it by what was counted until now. */
  look(): Verdict {
    const [rows, probes] = [this.#counted.rows(), this.#counted.probes()];
    if (this.#last?.rows !== rows || this.#last.probes !== probes) {
      this.#last = { rows, probes, verdict: this.#verdictBy(rows, probes) };
    }
    return this.#last.verdict;
  }

  /** Probes only count without clients, and only against probes: other requests take other times. */
  #verdictBy(rows: readonly LedgerRow[], probes: readonly LedgerRow[]): Verdict {
    const byClients = this.#judge(rows);
    if (byClients.kind !== "undecided" || probes.length === 0) return byClients;
    const { kind, message } = this.#judge(probes);
    const byProbes = `by probe requests: ${message}`;
    return { kind, message: kind === "undecided" ? `${byClients.message}; ${byProbes}` : byProbes };
  }

  #judge(rows: readonly LedgerRow[]): Verdict {
    const { slot, admitted } = this.#judged;
    // The second of the admission belongs to both.
    const since = Math.ceil(admitted / 1000);
    const countsFrom = since + this.#limits.ignoreSeconds;
    const fresh = rows.filter((row) => row.slot === slot && row.second >= since);
    const old = this.#oldOf(rows.filter((row) => row.slot !== slot));
    const beside = old.filter(({ second }) => second >= since);
    const before = old.filter(({ second }) => second < since - 1);
    const isEnough = trafficOf(beside).requests >= this.#limits.minimumRequests;
    const against = isEnough ? trafficOf(beside, countsFrom) : trafficOf([...before, ...beside]);
    return judge(trafficOf(fresh, countsFrom), against, this.#limits);
  }

  /** If only options change, the old release is what slots ran until this roll admitted them. */
  #oldOf(others: readonly LedgerRow[]): LedgerRow[] {
    // Requests that reached no slot say nothing about a release.
    const known = others.filter(({ slot, release }) => slot !== undefined && release !== undefined);
    const different = known.filter(({ release }) => release !== this.#judged.release);
    return different.length > 0 ? different : known.filter((row) => this.#isBeforeItsTurn(row));
  }

  #isBeforeItsTurn({ slot = "", second }: LedgerRow): boolean {
    const admitted = this.#counted.admittedAt(slot);
    return admitted === undefined || second < Math.floor(admitted / 1000);
  }
}

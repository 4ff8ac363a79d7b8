import type { CountedInRoll } from "../ledger/countedInRoll.ts";
import type { Report } from "../roll/reporter.ts";

/** How a roll ended: `killed` if it left no word about that. */
export type RollOutcome = "rolling" | "succeeded" | "failed" | "killed";

/** All that is known about one roll, as JSON: what its report page shows, and what its history is made of. */
export interface RollRecord extends Partial<CountedInRoll> {
  readonly format: 1;
  /** Starts with the time at which the roll began, so that names sort: `20261127-041512-9f3c`. */
  readonly id: string;
  readonly stack?: string;
  /** Who rolled: account, machine and process, as in the lease. */
  readonly owner: string;
  /** When the roll began, in ISO 8601. */
  readonly began: string;
  /** Absent if the roll was killed. */
  readonly durationSeconds?: number;
  readonly outcome: RollOutcome;
  readonly release: string;
  readonly canary?: { readonly hosts: readonly string[]; readonly release: string };
  /** What the jar says about the commit that it was built from. */
  readonly commit?: string;
  /** In the order of the settings. `from` is absent for a host that ran nothing. */
  readonly hosts: readonly { readonly name: string; readonly from?: string; readonly to: string }[];
  /** The steps as they were printed, without secrets. */
  readonly reports: readonly Report[];
  readonly warnings: readonly string[];
  /** The failure, and the lines of the application's log that explain it. */
  readonly failure?: { readonly message: string; readonly evidence: readonly string[] };
  /** The settings that differ from their defaults; never a secret. */
  readonly settings: Readonly<Record<string, unknown>>;
}

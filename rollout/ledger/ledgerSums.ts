/**
 * What nginx did with the requests of a slot within a second. Sums travel and are kept, never requests.
 */
export interface LedgerRow {
  /** When nginx answered, in seconds since 1970. */
  readonly second: number;
  /** The slot that got them, or the last one that did. Absent if none did. */
  readonly slot?: string;
  /** What the slot was running. Absent if no slot got them. */
  readonly release?: string;
  readonly requests: number;
  /** Those that nginx itself could not get answered. */
  readonly lost: number;
  /** Answers of the application with a status from 500 on. */
  readonly errors: number;
  /** Answers that ended before they were complete; whether by the client or by the application is not known. */
  readonly cut: number;
  /** Tries at other slots that preceded the answer. */
  readonly retries: number;
  /** Bytes sent to clients. */
  readonly bytes: number;
  /** How many took how long: see `latency.ts`. */
  readonly latency: Latency;
}

/** Counts by bucket, for the buckets that have any. */
export type Latency = Readonly<Record<number, number>>;

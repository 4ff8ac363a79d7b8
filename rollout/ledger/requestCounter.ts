import type { LedgerRow } from "./ledgerSums.ts";

/** What one nginx did within a second with the requests of the application at a place, such as `10.0.0.11:8080`. */
export interface PlaceSum extends Omit<LedgerRow, "slot" | "release"> {
  /** The last one that was tried; absent if none was. */
  readonly place?: string;
  /** Whether the rollout sent the requests itself. */
  readonly isProbe?: true;
}

/** A path, and what became of those requests for it that got no good answer. */
export interface FailedPath extends Pick<LedgerRow, "lost" | "errors"> {
  readonly path: string;
}

/** What has happened since the look before. */
export interface Look {
  /** The time on nginx's machine, in seconds since 1970. */
  readonly at: number;
  readonly sums: readonly PlaceSum[];
  /** Those that failed most, if nginx writes down paths. */
  readonly paths?: readonly FailedPath[];
  /** Whether the file has become too long and cannot be replaced. */
  readonly isFull: boolean;
}

/** Makes one nginx write a line about each request, and sums the lines up on its machine. */
export interface RequestCounter {
  /** For messages. */
  readonly name: string;
  /** Asks nginx ahead what `begin` needs to know, if it begins at once. */
  ask?(): void;
  /** Begins anew, whatever an earlier roll left; returns whether nginx writes such lines at all. */
  begin(): Promise<boolean>;
  /** How long nginx may take to write the line about an answer, once it has begun; absent if it has not said so. */
  readonly writtenMilliseconds?: number | undefined;
  /**
   * Sends a request to the application through nginx, which counts it apart from those of clients; returns the status.
   * Absent if nginx can't tell them apart.
   */
  readonly probe?: ((path: string, signal: AbortSignal) => Promise<number>) | undefined;
  look(): Promise<Look>;
  /**
   * The same as soon as nginx has written all lines that are due, or after so long. Absent if nobody can tell when that is.
   */
  readonly lookOnceWritten?: ((mostMilliseconds: number) => Promise<Look>) | undefined;
  /** nginx writes no more lines, but those about the last requests may still be on their way. */
  stop(): Promise<void>;
  /** Stops it, and removes what was written. */
  end(): Promise<void>;
}

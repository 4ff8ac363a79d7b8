import type { LeaseGuard } from "../lease/lease.ts";
import type { RequestCounter } from "../ledger/requestCounter.ts";
import type { StatusFile } from "../status/statusFile.ts";

/** An answer of nginx. */
export interface NginxAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** How the rollout talks to one nginx. */
export interface NginxAccess {
  /** Where clients reach the service. */
  readonly url: string;
  /** Requests a path of the server that only the rollout talks to. */
  get(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /**
   * Requests a path over a new connection, because after a reload an old one may still belong to an old worker.
   * `controlPort` is where nginx listened for the rollout before it moved.
   */
  getAnew(path: string, signal: AbortSignal, controlPort?: number): Promise<NginxAnswer>;
  /** Creates the flag that drains a host. */
  raiseFlag(host: string): Promise<void>;
  /** Removes the flag, if it is there. */
  lowerFlag(host: string): Promise<void>;
  isFlagged(host: string): Promise<boolean>;
  /** Makes nginx see flags that were changed by hand. */
  sumFlags(): Promise<void>;
  /** Counts nginx's open connections to `address:port`, without those in TIME_WAIT; waits a moment for them to close. */
  connectionsTo(address: string, port: number): Promise<number>;
}

/** How a roll talks to one of several nginx, of which it may lose some. */
export interface GroupedNginxAccess extends NginxAccess {
  /** Counts its requests. */
  readonly ledger: RequestCounter;
  /** What its status page shows of rolls. */
  readonly status: StatusFile;
  /** From now on, or until there is none, checks the lease before each change of a flag; returns whether it can. */
  guardBy(guard: LeaseGuard | undefined): boolean;
  /** Removes the ledger's flag and then what nginx has written. */
  endLedger(flag: string): Promise<void>;
  /** Requests a path of the application as a client would, and returns the status; nginx must take probes. */
  probe(path: string, signal: AbortSignal): Promise<number>;
  /** Says for the access log which release answers at `place`, written as nginx writes it. */
  nameRelease(place: string, release: string): Promise<void>;
  /** Whether anything listens in nginx's place. */
  isListening(): Promise<boolean>;
  /** Whether anything answers at another nginx's URL, as seen from this one's machine. */
  reaches(url: string): Promise<boolean>;
}

import type { AppHost, Slot } from "../host/appHost.ts";
import type { LeaseGuard } from "../lease/lease.ts";
import type { RequestCounter } from "../ledger/requestCounter.ts";
import type { StatusFile } from "../status/statusFile.ts";
import type { UpstreamState } from "./reverseProxy.ts";

/** One of the nginx in front of a fleet, as the group of them uses it. */
export interface OneNginx {
  /** Where clients reach the service through it. */
  readonly url: string;
  /** Counts its requests; absent if nothing can. */
  readonly ledger?: RequestCounter;
  /** What its status page shows of rolls; absent if it shows nothing. */
  readonly status?: StatusFile;
  /** Throws `RollgateError` if it doesn't answer or doesn't serve these hosts; changes nothing. */
  preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void>;
  /** From now on, or until there is none, checks the lease before each change; returns whether it can. */
  guardBy?(guard: LeaseGuard | undefined): boolean;
  /** Names of the slots that get no new request through it. */
  drained(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Sends no new request to the slot; returns once nginx itself confirms it. */
  drain(slot: Slot): Promise<void>;
  /** Sends requests to the slot again; returns once nginx itself confirms it. */
  admit(slot: Slot): Promise<void>;
  /** Says which release answers there; its access log names it once requests are sent there again. */
  answers(slot: Slot, release: string): void;
  standBy(isOn: boolean): Promise<void>;
  /** Whether the last change of that was to turn it on. */
  standsBy(): Promise<boolean>;
  /** Leaves the mark that drains a slot, or takes it away, where nginx finds it when it starts. */
  mark(slot: string, drained: boolean): Promise<void>;
  /** How many connections it has to the slot, after waiting a moment for them to close. */
  connections(slot: Slot): Promise<number>;
  /** Whether it sees the slot up; never throws. */
  upstream(slot: Slot, signal: AbortSignal): Promise<UpstreamState>;
  /** Whether anything listens in its place; if not, it has no connections either. */
  isListening(): Promise<boolean>;
  /** Whether something accepts connections at another nginx's URL, as seen from this one's machine. */
  reaches(url: string): Promise<boolean>;
}

import type { AppHost, Slot } from "../host/appHost.ts";
import type { LeaseGuard } from "../lease/lease.ts";
import type { RequestCounter } from "../ledger/requestCounter.ts";
import type { StatusFile } from "../status/statusFile.ts";

/** How the proxy sees a host; `detail` is in the proxy's own words. */
export interface UpstreamState {
  readonly up: boolean;
  readonly detail: string;
  /** Whether it is down because the application said so, or gave no good answer, when it was asked through nginx. */
  readonly isItsAnswer?: boolean;
  /** Whether only some of several nginx see it down. */
  readonly isDisputed?: boolean;
}

/** Which slots get no new requests. */
export interface Drains {
  /** Those that get none at all. */
  readonly everywhere: ReadonlySet<string>;
  /** Those that get none through some nginx but do through others, with the URLs of the former. */
  readonly partly: ReadonlyMap<string, readonly string[]>;
}

/** What a proxy needs to know about a roll. */
export interface RollOfProxy {
  /** Throws unless the roller still holds the fleet's lease. */
  assertHeld(): Promise<void>;
  /** How scripts beside the lease check it themselves, if they can. */
  readonly guard?: LeaseGuard | undefined;
  /** Tells about an nginx that was lost, or that is back. */
  tell(message: string): void;
  /** Hears that a slot is drained. */
  drains?(slot: Slot): void;
  /** Hears that requests are about to get to a slot, and to which release if it is new there. */
  admits?(slot: Slot, release: string | undefined): void;
}

/** The proxy in front of the hosts, as a roll uses it: one nginx, or several with the same drains. */
export interface ReverseProxy {
  /** Where clients reach the service; the first place, if there are several. */
  readonly url: string;
  /** For messages, such as `nginx at http://…`. */
  readonly name: string;
  /** Whether it is one nginx, so that nobody can disagree about drains. */
  readonly isOne?: boolean;
  /** Count the requests of each nginx. */
  readonly counters: readonly RequestCounter[];
  /** Hold what the status page of each nginx shows of rolls. */
  readonly statusFiles: readonly StatusFile[];
  /** Throws `RollgateError` if the proxy doesn't answer or doesn't serve these hosts; changes nothing. */
  preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void>;
  /** From now on, it goes on without an nginx that is lost, as long as another one is left. */
  begin(roll: RollOfProxy): void;
  /** Ends a roll; waits so long for an nginx that was lost, and returns a line about each that is not back. */
  end(patienceMilliseconds: number): Promise<readonly string[]>;
  /** Whether an nginx is lost that may be back by the end. */
  readonly hasLost?: boolean;
  /** Whether it checks the lease itself, before each change and at the same moment. */
  readonly isGuarded?: boolean;
  drained(signal: AbortSignal): Promise<Drains>;
  /** Sends no new request to the host; returns once the proxy itself confirms it. */
  drain(slot: Slot): Promise<void>;
  /** Sends requests to the host again; returns once the proxy itself confirms it. `release` is new there. */
  admit(slot: Slot, release?: string): Promise<void>;
  /**
   * Whether old applications that are drained may answer, should every new one fail to: on once all of them are gated
   * and take no traffic, off before anything starts that is not gated.
   */
  standBy(isOn: boolean): Promise<void>;
  /** How many connections the proxy has to the host, after waiting a moment for them to close. */
  connections(slot: Slot): Promise<number>;
  /** Whether the proxy itself sees the host up; never throws. */
  upstream(slot: Slot, signal: AbortSignal): Promise<UpstreamState>;
}

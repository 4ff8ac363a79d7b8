import type { AppHost, Slot } from "../host/appHost.ts";

/** How the proxy sees a host; `detail` is in the proxy's own words. */
export interface UpstreamState {
  readonly up: boolean;
  readonly detail: string;
}

/** The proxy in front of the hosts, as a roll uses it. */
export interface ReverseProxy {
  /** Where clients reach the service. */
  readonly url: string;
  /** Throws `RollgateError` if the proxy doesn't answer or doesn't serve these hosts; changes nothing. */
  preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void>;
  /** Names of the hosts that get no new request. */
  drained(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Sends no new request to the host; returns once the proxy itself confirms it. */
  drain(slot: Slot): Promise<void>;
  /** Sends requests to the host again; returns once the proxy itself confirms it. */
  admit(slot: Slot): Promise<void>;
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

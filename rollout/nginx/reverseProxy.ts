import type { AppHost } from "../host/appHost.ts";

/** What the proxy thinks of a host, in its own words in `detail`. */
export interface UpstreamState {
  readonly up: boolean;
  readonly detail: string;
}

/** The proxy in front of the hosts as the rolling engine sees it. */
export interface ReverseProxy {
  /** Where clients reach the service. */
  readonly url: string;
  /** Throws `RollgateError` when the proxy does not answer, or does not serve these hosts; changes nothing. */
  preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void>;
  /** Names of the hosts that get no new request. */
  drained(signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Sends no new request to the host; returns once the proxy itself confirms it. */
  drain(host: AppHost): Promise<void>;
  /** Sends requests to the host again; returns once the proxy itself confirms it. */
  admit(host: AppHost): Promise<void>;
  /** Connections that the proxy holds to the host now. */
  connections(host: AppHost): Promise<number>;
  /** Whether the proxy itself sees the host up; never throws. */
  upstream(host: AppHost, signal: AbortSignal): Promise<UpstreamState>;
}

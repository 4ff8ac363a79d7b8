/** An answer of nginx. */
export interface NginxAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** How the rollout reaches one nginx; every kind of host has its own. */
export interface NginxAccess {
  /** Where clients reach the service. */
  readonly url: string;
  /** Asks nginx over a connection of its own. */
  get(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /** Creates the flag that drains a host. */
  raiseFlag(host: string): Promise<void>;
  /** Removes the flag; one that is not there is no error. */
  lowerFlag(host: string): Promise<void>;
  /** Connections that nginx holds to `address:port` now, those that only wait to expire left out. */
  connectionsTo(address: string, port: number): Promise<number>;
}

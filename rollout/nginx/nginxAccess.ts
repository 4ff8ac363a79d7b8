/** An answer of nginx. */
export interface NginxAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** How the rollout reaches one nginx; every kind of host has its own. */
export interface NginxAccess {
  /** Where clients reach the service. */
  readonly url: string;
  /** Asks nginx. */
  get(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /** Asks nginx over a connection of its own: an old one may be held by a worker that a reload has retired. */
  getAnew(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /** Creates the flag that drains a host. */
  raiseFlag(host: string): Promise<void>;
  /** Removes the flag; one that is not there is no error. */
  lowerFlag(host: string): Promise<void>;
  isFlagged(host: string): Promise<boolean>;
  /** Connections that nginx holds to `address:port` now, those that only wait to expire left out. */
  connectionsTo(address: string, port: number): Promise<number>;
}

/** An answer of nginx. */
export interface NginxAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** Where nginx listens on its machine. */
export interface ListenPlace {
  readonly address: string;
  readonly port: number;
}

/** How the rollout reaches one nginx; every kind of host has its own. */
export interface NginxAccess {
  /** Where clients reach the service. */
  readonly url: string;
  /** Asks nginx. */
  get(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /**
   * Asks nginx over a connection of its own: an old one may be held by a worker that a reload has retired. `at` is
   * where it listened before, while it moves.
   */
  getAnew(path: string, signal: AbortSignal, at?: ListenPlace): Promise<NginxAnswer>;
  /** Creates the flag that drains a host. */
  raiseFlag(host: string): Promise<void>;
  /** Removes the flag; one that is not there is no error. */
  lowerFlag(host: string): Promise<void>;
  isFlagged(host: string): Promise<boolean>;
  /** Connections that nginx holds to `address:port` now, those that only wait to expire left out. */
  connectionsTo(address: string, port: number): Promise<number>;
}

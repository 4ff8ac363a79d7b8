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

/** How the rollout talks to one nginx. */
export interface NginxAccess {
  /** Where clients reach the service. */
  readonly url: string;
  /** Requests a path. */
  get(path: string, signal: AbortSignal): Promise<NginxAnswer>;
  /**
   * Requests a path over a new connection, because after a reload an old one may still belong to an old worker. `at` is
   * where nginx listened before it moved.
   */
  getAnew(path: string, signal: AbortSignal, at?: ListenPlace): Promise<NginxAnswer>;
  /** Creates the flag that drains a host. */
  raiseFlag(host: string): Promise<void>;
  /** Removes the flag, if it is there. */
  lowerFlag(host: string): Promise<void>;
  isFlagged(host: string): Promise<boolean>;
  /** Counts nginx's open connections to `address:port`, without those in TIME_WAIT; waits a moment for them to close. */
  connectionsTo(address: string, port: number): Promise<number>;
}

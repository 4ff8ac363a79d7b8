/** The name of a host and where clients reach its application. */
export interface HostPlace {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** The port of its health endpoint, if not `port`. */
  readonly healthPort?: number;
}

/** A slot of a host with a folder on its machine. */
export interface HostFolder extends HostPlace {
  /** Absolute; holds `releases`, `current`, `work`, `logs`, `secrets` and `launches`. Both slots share it. */
  readonly directory: string;
  /** Set for the second slot only. */
  readonly slot?: "b";
}

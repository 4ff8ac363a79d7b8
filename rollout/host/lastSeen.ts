/** One of the slots of a host. */
export type WhichSlot = "first" | "second";

/** The only slot of a host in which something ran, and what. */
export interface Seen {
  readonly slot: WhichSlot;
  readonly release: string;
}

/** What the deployer remembers of a host from one process to the next. */
export interface LastSeen {
  /** What it was last seen to run; `undefined` if nobody remembers. */
  recall(): Promise<Seen | undefined>;
  /** Never throws. */
  remember(seen: Seen): Promise<void>;
}

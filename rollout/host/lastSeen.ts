/** One of the slots of a host. */
export type WhichSlot = "first" | "second";

/** What the deployer remembers of a host from one process to the next. */
export interface LastSeen {
  /** In which slot it was last seen to run something; `undefined` if nobody remembers. */
  recall(): Promise<WhichSlot | undefined>;
  /** Never throws. */
  remember(slot: WhichSlot): Promise<void>;
}

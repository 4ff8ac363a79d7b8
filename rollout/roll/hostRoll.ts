import type { Revision, Slot } from "../host/appHost.ts";
import { earlierRevision } from "./earlierRevision.ts";
import { type FleetMember, isSameRevision } from "./fleet.ts";
import type { PhaseTimes } from "./phases.ts";
import type { RollContext } from "./rollContext.ts";

/** Brings one host to a revision. */
export interface HostRoll {
  readonly member: FleetMember;
  readonly times: PhaseTimes;
  /** Where the host serves from in the end. */
  readonly slot: Slot;
  /** What the host goes back to. */
  readonly earlier: Revision | undefined;
  /**
   * Replaces the application and gates the new one. If that fails, it puts the host back itself and throws
   * `HostRollFailed`. If the host takes traffic as before, it throws `TooFewPeers` or the reason of the signal.
   */
  bring(): Promise<void>;
  /** Whether clients can't notice what `commit` does, so that the next host may begin meanwhile. */
  readonly endsUnnoticed: boolean;
  /** Ends what `bring` began: from now on, only another start leads back. */
  commit(): Promise<void>;
  /** Undoes `bring` without starting anything; returns whether that was possible. */
  undo(): Promise<boolean>;
}

/** What a roll needs to know about one host. */
export interface HostRollOptions {
  readonly member: FleetMember;
  readonly revision: Revision;
  readonly context: RollContext;
  /** Ends waits that can end without leaving the host in between. */
  readonly signal: AbortSignal;
  /** What a host ran that this roll has brought to the revision once already. */
  readonly beforeFirstTurn?: Revision | undefined;
  /** The end of hosts that came before: until then, nothing changes for clients. */
  readonly before?: Promise<void> | undefined;
  /** Whether it may start its JVM before that, since none of theirs is on its machine. */
  readonly startsBeside?: boolean;
  /** Whether nginx sends no request to the JVM that starts, even if the standby flag is still raised. */
  readonly startsUnasked?: boolean;
  /** Whether `commit` follows `bring` at once, because no other host is rolled beside it. */
  readonly endsAlone?: boolean;
  /** Hears that `bring` ends about a round trip later, if it does not fail. */
  readonly onLast?: () => void;
  /** Hears that the host takes traffic and is done but for a record of that, if `bring` does not fail. */
  readonly onAdmitted?: () => void;
}

/** A deployer that died after the start left a healthy host that only needs to be admitted. */
export function runsTheRevision({ state, health }: FleetMember, revision: Revision): boolean {
  return health.up && isSameRevision(state.running, revision);
}

/** What a host goes back to. */
export function goesBackTo({ member, revision, beforeFirstTurn }: HostRollOptions): Revision | undefined {
  return beforeFirstTurn ?? earlierRevision(member.state, revision);
}

import type { AppHost, HostState, Revision, RunningApp } from "../host/appHost.ts";
import type { SlotView } from "./slotView.ts";

/** The current state of one host: that of the slot which serves, or would. */
export interface FleetMember extends Omit<SlotView, "running"> {
  readonly host: AppHost;
  /** Why the host cannot be reached, if so; what it runs is then unknown. */
  readonly unreachable?: string | undefined;
  /** `running` is what the serving slot runs. */
  readonly state: HostState;
  /** The other slot, if the host has one and can be reached. */
  readonly spare?: SlotView;
}

/** Whether nothing is left to do: the release is running as intended, is the current one, and alone takes traffic. */
export function isDone(member: FleetMember, revision: Revision): boolean {
  const { state, serving } = member;
  return (
    serving && isTidy(member) && state.current === revision.release && isSameRevision(state.running, revision)
  );
}

/** What a host reported about itself; `undefined` if it can't be reached. */
export function stateOf({ host, slot, state, spare, unreachable }: FleetMember): HostState | undefined {
  if (unreachable !== undefined) return undefined;
  const { running, ...files } = state;
  const [first, second] = slot === host ? [running, spare?.running] : [spare?.running, running];
  return { ...files, ...(first && { running: first }), ...(second && { second }) };
}

/** Whether nothing runs in the other slot, and no request can go there. */
export function isTidy({ spare }: FleetMember): boolean {
  return !spare || (spare.running === undefined && spare.drained);
}

/** The release that a host runs, or should; empty if it has none. */
export function releaseBefore({ state }: FleetMember): string {
  return state.running?.release ?? state.current ?? "";
}

/** Whether what runs, or is to run, is this revision. */
export function isSameRevision(a: Revision | RunningApp | undefined, b: Revision): boolean {
  return a?.release === b.release && a.launch === b.launch;
}

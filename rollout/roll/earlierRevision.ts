import type { HostState, Revision } from "../host/appHost.ts";
import { isSameRevision } from "./fleet.ts";

/** Where a host goes back to if its roll fails: what last passed all gates here, or else what it ran or was to run. */
export function earlierRevision(
  { running, current, lastKnownGood }: HostState,
  revision: Revision,
): Revision | undefined {
  const { release, launch } = revision;
  if (lastKnownGood) return isSameRevision(lastKnownGood, revision) ? undefined : lastKnownGood;
  const ran = running && { release: running.release, launch: running.launch ?? launch };
  if (ran && !isSameRevision(ran, revision)) return ran;
  return current !== undefined && current !== release ? { release: current, launch } : undefined;
}

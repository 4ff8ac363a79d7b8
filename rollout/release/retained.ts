import type { HostState, Revision } from "../host/appHost.ts";

/** The releases and launches that pruning must keep: those the host runs or may go back to. */
export function retained(
  { running, second, current, lastKnownGood }: HostState,
  launch: string,
  spared: readonly Revision[],
): { releases: string[]; launches: string[] } {
  const kept = [...spared, ...(lastKnownGood ? [lastKnownGood] : [])];
  const releases = [running?.release, second?.release, current, ...kept.map((revision) => revision.release)];
  const launches = [running?.launch, second?.launch, launch, ...kept.map((revision) => revision.launch)];
  const known = (id: string | undefined) => id !== undefined;
  return { releases: releases.filter(known), launches: launches.filter(known) };
}

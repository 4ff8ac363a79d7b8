import type { HostState, Revision } from "../host/appHost.ts";

/** What a host runs or may have to go back to, which no pruning takes: releases, and ways to start them. */
export function retained(
  { running, current, good }: HostState,
  launch: string,
  spared: readonly Revision[],
): { releases: string[]; launches: string[] } {
  const kept = [...spared, ...(good ? [good] : [])];
  const releases = [running?.release, current, ...kept.map((target) => target.release)];
  const launches = [running?.launch, launch, ...kept.map((target) => target.launch)];
  const known = (id: string | undefined) => id !== undefined;
  return { releases: releases.filter(known), launches: launches.filter(known) };
}

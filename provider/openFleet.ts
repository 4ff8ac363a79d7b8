import { boundedHost, boundedLeases, boundedProxy } from "#rollout/machine/bounded.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { Fleet } from "#rollout/roll/roll.ts";

/** A fleet, and the way to let go of what was opened to reach it. */
export interface OpenFleet extends Fleet {
  close(): Promise<void>;
}

/** What tells where a fleet is and how it is started. */
export type FleetRequest = Pick<RollRequest, "hosts" | "proxy" | "launch" | "environment" | "health">;

/** The drivers for the hosts and the proxy that a request describes, which are all of one kind, with deadlines. */
export async function openFleet(request: FleetRequest): Promise<OpenFleet> {
  const { hosts, proxy, leases, ...rest } = await openKind(request);
  return {
    ...rest,
    hosts: hosts.map(boundedHost),
    proxy: boundedProxy(proxy),
    leases: boundedLeases(leases),
  };
}

async function openKind(request: FleetRequest): Promise<OpenFleet> {
  if (request.proxy.kind === "docker")
    return (await import("#kinds/docker/openDockerFleet.ts")).openDockerFleet(request);
  if (request.proxy.kind === "ssh") return (await import("#kinds/ssh/openSshFleet.ts")).openSshFleet(request);
  return (await import("#kinds/local/openLocalFleet.ts")).openLocalFleet(request);
}

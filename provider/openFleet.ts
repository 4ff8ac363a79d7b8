import type { FleetRequest, OpenFleet } from "#kinds/kind.ts";
import { kindNamed } from "#kinds/kinds.ts";
import { boundedHost, boundedLeases, boundedProxy } from "#rollout/machine/bounded.ts";

/** The drivers for the hosts and the proxy that a request describes, which are all of one kind, with deadlines. */
export async function openFleet(request: FleetRequest): Promise<OpenFleet> {
  const { hosts, proxy, leases, ...rest } = await kindNamed(request.proxy.kind).openFleet(request);
  return {
    ...rest,
    hosts: hosts.map(boundedHost),
    proxy: boundedProxy(proxy),
    leases: boundedLeases(leases),
  };
}

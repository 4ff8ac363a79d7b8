import { join } from "node:path";
import { boundedHost, boundedLeases, boundedProxy } from "../bounded.ts";
import { LocalAppHost } from "../local/localAppHost.ts";
import { LocalLeaseStore } from "../local/localLeaseStore.ts";
import { LocalNginxAccess } from "../local/localNginxAccess.ts";
import { NginxProxy } from "../nginx/nginxProxy.ts";
import type { Fleet } from "../roll.ts";
import type { RollRequest } from "../rollRequest.ts";

/** The drivers for the hosts and the proxy that a request describes. */
export function openFleet(request: Omit<RollRequest, "release" | "jar">): Fleet {
  return {
    hosts: request.hosts.map((descriptor) => boundedHost(new LocalAppHost(descriptor, request))),
    proxy: boundedProxy(new NginxProxy(new LocalNginxAccess(request.proxy))),
    // Beside nginx: what is in front of a fleet is there once.
    leases: boundedLeases(new LocalLeaseStore(join(request.proxy.directory, "lease"))),
  };
}

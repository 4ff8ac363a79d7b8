import { join } from "node:path";
import { z } from "zod";
import { localHostDescriptor, localProxyDescriptor } from "../descriptors.ts";
import { LocalAppHost } from "../local/localAppHost.ts";
import { LocalLeaseStore } from "../local/localLeaseStore.ts";
import { LocalNginxAccess } from "../local/localNginxAccess.ts";
import { NginxProxy } from "../nginx/nginxProxy.ts";
import { parse } from "../validate.ts";
import type { FleetRequest, OpenFleet } from "./openFleet.ts";

/** Hosts and nginx on this machine. */
export function openLocalFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(localProxyDescriptor, request.proxy);
  const hosts = parse(z.array(localHostDescriptor), request.hosts);
  return {
    hosts: hosts.map((descriptor) => new LocalAppHost(descriptor, request)),
    proxy: new NginxProxy(new LocalNginxAccess(proxy)),
    // Beside nginx: what is in front of a fleet is there once.
    leases: new LocalLeaseStore(join(proxy.directory, "lease")),
    close: async () => {},
  };
}

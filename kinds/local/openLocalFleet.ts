import { join } from "node:path";
import { z } from "zod";
import { LocalLeaseStore } from "#rollout/lease/localLeaseStore.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { LocalAppHost } from "./localAppHost.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { LocalNginxAccess } from "./localNginxAccess.ts";

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

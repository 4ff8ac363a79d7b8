import { z } from "zod";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { openLocalNginx } from "./localNginx.ts";
import { openLocalHost } from "./openLocalHost.ts";
import { withJava } from "./withJava.ts";

/** Hosts and nginx on this machine. */
export function openLocalFleet(request: FleetRequest): OpenFleet {
  const [first, ...others] = parse(proxiesOf(localProxyDescriptor), request.proxies);
  const { leases, server } = openLocalNginx(first);
  const nginx = [server.access, ...others.map((proxy) => openLocalNginx(proxy).server.access)] as const;
  const hosts = parse(z.array(localHostDescriptor), request.hosts).map((host) => openLocalHost(host));
  const found = { ...request, launch: withJava(request.launch) };
  return machineFleet(found, { hosts, nginx, leases });
}

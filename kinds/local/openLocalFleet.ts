import { z } from "zod";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { openLocalNginx } from "./localNginx.ts";
import { openLocalHost } from "./openLocalHost.ts";
import { withJava } from "./withJava.ts";

/** Hosts and nginx on this machine. */
export function openLocalFleet(request: FleetRequest): OpenFleet {
  const { leases, server } = openLocalNginx(parse(localProxyDescriptor, request.proxies[0]));
  const hosts = parse(z.array(localHostDescriptor), request.hosts).map((host) => openLocalHost(host));
  const found = { ...request, launch: withJava(request.launch) };
  return machineFleet(found, { hosts, nginx: server.access, leases });
}

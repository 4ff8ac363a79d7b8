import { z } from "zod";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { openSshHost } from "./openSshHost.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import { openSshNginx } from "./sshNginx.ts";

/** Hosts and nginx on servers that are reached over SSH. */
export function openSshFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(sshProxyDescriptor, request.proxies[0]);
  const machines = new SshMachines();
  const { leases, server } = openSshNginx(proxy, undefined, machines.of(proxy));
  const hosts = parse(z.array(sshHostDescriptor), request.hosts).map((host) =>
    openSshHost(machines.of(host), host),
  );
  return {
    ...machineFleet(request, { hosts, nginx: server.access, leases, close: () => machines.close() }),
    fence: (assertHeld) => machines.fence(assertHeld),
    onReconnect: (tell) => machines.onReconnect(tell),
  };
}

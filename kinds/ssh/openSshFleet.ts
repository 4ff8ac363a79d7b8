import { z } from "zod";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { openSshHost } from "./openSshHost.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import { sshNginxPlace } from "./sshNginx.ts";

/** Hosts and nginx on servers reached over SSH. */
export function openSshFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(sshProxyDescriptor, request.proxy);
  const machines = new SshMachines();
  const hosts = parse(z.array(sshHostDescriptor), request.hosts);
  return {
    ...machineFleet(request, {
      hosts: hosts.map((host) => openSshHost(machines.of(host), host)),
      nginx: new MachineNginxAccess(machines.of(proxy), sshNginxPlace(proxy)),
      leases: new MachineLeaseStore(machines.of(proxy), `${proxy.directory}/lease`),
      close: () => machines.close(),
    }),
    fence: (assertHeld) => machines.fence(assertHeld),
    onReconnect: (tell) => machines.onReconnect(tell),
  };
}

import { z } from "zod";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { openSshHost } from "./openSshHost.ts";
import { type SshProxyDescriptor, sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import { openSshNginx } from "./sshNginx.ts";

/** Hosts and nginx on servers that are reached over SSH. */
export function openSshFleet(request: FleetRequest): OpenFleet {
  const [first, ...others] = parse(proxiesOf(sshProxyDescriptor), request.proxies);
  const machines = new SshMachines();
  const open = (proxy: SshProxyDescriptor) => openSshNginx(proxy, undefined, machines.of(proxy));
  const { leases, server } = open(first);
  const nginx = [server.access, ...others.map((proxy) => open(proxy).server.access)] as const;
  const hosts = parse(z.array(sshHostDescriptor), request.hosts).map((host) =>
    openSshHost(machines.of(host), host),
  );
  return {
    ...machineFleet(request, { hosts, nginx, leases, close: () => machines.close() }),
    fence: (assertHeld) => machines.fence(assertHeld),
    onReconnect: (tell) => machines.onReconnect(tell),
  };
}

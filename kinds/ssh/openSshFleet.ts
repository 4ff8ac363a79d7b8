import pLimit from "p-limit";
import { z } from "zod";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { openSshHost } from "./openSshHost.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import { sshNginxPlace } from "./sshNginx.ts";

const UPLOADS_AT_ONCE = 4;

/** Hosts and nginx on servers that are reached over SSH. */
export function openSshFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(sshProxyDescriptor, request.proxy);
  const descriptors = parse(z.array(sshHostDescriptor), request.hosts);
  const machines = new SshMachines();
  const policy = { health: request.health, uploads: pLimit(UPLOADS_AT_ONCE) };
  const hosts = descriptors.map(
    (descriptor) =>
      new MachineAppHost(openSshHost(machines.of(descriptor), descriptor), {
        ...policy,
        ...launchOf(request, descriptor.name),
      }),
  );
  const nginx = new MachineNginxAccess(machines.of(proxy), sshNginxPlace(proxy));
  return {
    hosts,
    proxy: new NginxProxy(nginx),
    // Beside nginx: what is in front of a fleet is there once.
    leases: new MachineLeaseStore(machines.of(proxy), `${proxy.directory}/lease`),
    fence: (assertHeld) => machines.fence(assertHeld),
    onReconnect: (tell) => machines.onReconnect(tell),
    close: async () => {
      await Promise.all([nginx.close(), ...hosts.map((host) => host.close())]).finally(() =>
        machines.close(),
      );
    },
  };
}

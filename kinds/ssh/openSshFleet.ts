import pLimit from "p-limit";
import { z } from "zod";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { SshAppHost } from "./sshAppHost.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachines } from "./sshMachines.ts";
import { SshNginxAccess } from "./sshNginxAccess.ts";

const UPLOADS_AT_ONCE = 4;

/** Hosts and nginx on servers that are reached over SSH. */
export function openSshFleet(request: FleetRequest): OpenFleet {
  const { launch, environment, health } = request;
  const proxy = parse(sshProxyDescriptor, request.proxy);
  const descriptors = parse(z.array(sshHostDescriptor), request.hosts);
  const machines = new SshMachines();
  const options = { launch, environment, health, uploads: pLimit(UPLOADS_AT_ONCE) };
  const hosts = descriptors.map((descriptor) => new SshAppHost(machines.of(descriptor), descriptor, options));
  const nginx = new SshNginxAccess(machines.of(proxy), proxy);
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

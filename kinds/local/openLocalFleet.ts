import pLimit from "p-limit";
import { z } from "zod";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { LocalMachine } from "./localMachine.ts";
import { localNginxPlace } from "./localNginx.ts";
import { openLocalHost } from "./openLocalHost.ts";
import { withJava } from "./withJava.ts";

const COPIES_AT_ONCE = 4;

/** Hosts and nginx on this machine. */
export function openLocalFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(localProxyDescriptor, request.proxy);
  const descriptors = parse(z.array(localHostDescriptor), request.hosts);
  const policy = { health: request.health, uploads: pLimit(COPIES_AT_ONCE) };
  const hosts = descriptors.map((descriptor) => {
    const { launch, environment } = launchOf(request, descriptor.name);
    return new MachineAppHost(openLocalHost(descriptor), {
      ...policy,
      launch: withJava(launch),
      environment,
    });
  });
  const machine = new LocalMachine();
  const nginx = new MachineNginxAccess(machine, localNginxPlace(proxy));
  return {
    hosts,
    proxy: new NginxProxy(nginx),
    // Beside nginx: what is in front of a fleet is there once.
    leases: new MachineLeaseStore(machine, `${proxy.directory}/lease`),
    close: async () => {
      await Promise.all([nginx.close(), ...hosts.map((host) => host.close())]);
    },
  };
}

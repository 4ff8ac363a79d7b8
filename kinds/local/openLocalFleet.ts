import { z } from "zod";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { localHostDescriptor, localProxyDescriptor } from "./localDescriptors.ts";
import { LocalMachine } from "./localMachine.ts";
import { localNginxPlace } from "./localNginx.ts";
import { openLocalHost } from "./openLocalHost.ts";
import { withJava } from "./withJava.ts";

/** Hosts and nginx on this machine. */
export function openLocalFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(localProxyDescriptor, request.proxy);
  const machine = new LocalMachine();
  return machineFleet(
    { ...request, launch: withJava(request.launch) },
    {
      hosts: parse(z.array(localHostDescriptor), request.hosts).map((host) => openLocalHost(host)),
      nginx: new MachineNginxAccess(machine, localNginxPlace(proxy)),
      leases: new MachineLeaseStore(machine, `${proxy.directory}/lease`),
    },
  );
}

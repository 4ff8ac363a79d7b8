import { z } from "zod";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { dockerHostDescriptor, dockerProxyDescriptor } from "./dockerDescriptors.ts";
import { openDockerNginx } from "./dockerNginx.ts";
import { FileKeeper } from "./fileKeeper.ts";
import { openDockerHost } from "./openDockerHost.ts";
import { openEngine } from "./openEngine.ts";

/** Opens hosts and nginx in containers on one engine. */
export function openDockerFleet(request: FleetRequest): OpenFleet {
  const proxy = parse(dockerProxyDescriptor, request.proxies[0]);
  const hosts = parse(z.array(dockerHostDescriptor), request.hosts);
  const docker = openEngine(proxy.engine);
  const { leases, server } = openDockerNginx(docker, proxy);
  const volumes = hosts.map(({ volume }) => volume);
  const keeper = new FileKeeper(docker, volumes, proxy.container);
  return machineFleet(request, {
    hosts: hosts.map((host) => openDockerHost(docker, keeper, server.access, host)),
    nginx: server.access,
    leases,
    close: () => keeper.close(),
  });
}

import pLimit from "p-limit";
import { z } from "zod";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import { parse } from "#rollout/request/validate.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { dockerHostDescriptor, dockerProxyDescriptor } from "./dockerDescriptors.ts";
import { openDockerNginx } from "./dockerNginx.ts";
import { FileKeeper } from "./fileKeeper.ts";
import { openDockerHost } from "./openDockerHost.ts";
import { openEngine } from "./openEngine.ts";

const UPLOADS_AT_ONCE = 4;

/** Hosts and nginx in containers of one engine. */
export function openDockerFleet(request: FleetRequest): OpenFleet {
  const { health } = request;
  const proxy = parse(dockerProxyDescriptor, request.proxy);
  const descriptors = parse(z.array(dockerHostDescriptor), request.hosts);
  const docker = openEngine(proxy.engine);
  const {
    leases,
    server: { access: nginx },
  } = openDockerNginx(docker, proxy);
  const volumes = descriptors.map(({ volume }) => volume);
  const keeper = new FileKeeper(docker, volumes, proxy.container);
  const policy = { health, uploads: pLimit(UPLOADS_AT_ONCE) };
  return {
    hosts: descriptors.map(
      (descriptor) =>
        new MachineAppHost(openDockerHost(docker, keeper, nginx, descriptor), {
          ...policy,
          ...launchOf(request, descriptor.name),
        }),
    ),
    proxy: new NginxProxy(nginx),
    leases,
    close: async () => {
      await Promise.all([nginx.close(), keeper.close()]);
    },
  };
}

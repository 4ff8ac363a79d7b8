import { z } from "zod";
import { dockerHostDescriptor, dockerProxyDescriptor } from "../descriptors.ts";
import { DockerAppHost } from "../docker/dockerAppHost.ts";
import { DockerNginxServer } from "../docker/dockerNginxServer.ts";
import { FileKeeper } from "../docker/fileKeeper.ts";
import { NGINX_DIRECTORY } from "../docker/nginxPlace.ts";
import { openEngine } from "../docker/openEngine.ts";
import { MachineLeaseStore } from "../machine/machineLeaseStore.ts";
import { NginxProxy } from "../nginx/nginxProxy.ts";
import { parse } from "../validate.ts";
import type { FleetRequest, OpenFleet } from "./openFleet.ts";

/** Hosts and nginx in containers of one engine. */
export function openDockerFleet(request: FleetRequest): OpenFleet {
  const { launch, environment, health } = request;
  const proxy = parse(dockerProxyDescriptor, request.proxy);
  const descriptors = parse(z.array(dockerHostDescriptor), request.hosts);
  const docker = openEngine(proxy.engine);
  const { access: nginx, machine } = new DockerNginxServer(docker, proxy);
  const volumes = descriptors.map(({ volume }) => volume);
  const keeper = new FileKeeper(docker, volumes, proxy.container);
  const options = { launch, environment, health, docker, keeper, nginx };
  return {
    hosts: descriptors.map((descriptor) => new DockerAppHost(descriptor, options)),
    proxy: new NginxProxy(nginx),
    // Beside nginx: what is in front of a fleet is there once.
    leases: new MachineLeaseStore(machine, `${NGINX_DIRECTORY}/lease`),
    close: async () => {
      await Promise.all([nginx.close(), keeper.close()]);
    },
  };
}

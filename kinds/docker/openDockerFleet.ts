import { z } from "zod";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import { openEngine } from "../engine/openEngine.ts";
import type { FleetRequest, OpenFleet } from "../kind.ts";
import { machineFleet } from "../machineFleet.ts";
import { askAny } from "./askAny.ts";
import { dockerHostDescriptor, dockerProxyDescriptor } from "./dockerDescriptors.ts";
import { openDockerNginx } from "./dockerNginx.ts";
import { FileKeeper } from "./fileKeeper.ts";
import { openDockerHost } from "./openDockerHost.ts";

/** Opens hosts and nginx in containers on one engine. */
export function openDockerFleet(request: FleetRequest): OpenFleet {
  const [first, ...others] = parse(proxiesOf(dockerProxyDescriptor), request.proxies);
  const hosts = parse(z.array(dockerHostDescriptor), request.hosts);
  const docker = openEngine(first.engine);
  const { leases, server } = openDockerNginx(docker, first);
  const nginx = [
    server.access,
    ...others.map((proxy) => openDockerNginx(docker, proxy).server.access),
  ] as const;
  const volumes = hosts.map(({ volume }) => volume);
  const keeper = new FileKeeper(docker, volumes, first.container);
  return machineFleet(request, {
    hosts: hosts.map((host) => openDockerHost(docker, keeper, askAny(nginx), host)),
    nginx,
    leases,
    close: () => keeper.close(),
  });
}

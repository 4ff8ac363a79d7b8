import type Docker from "dockerode";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";
import { ContainerSupervisor } from "./containerSupervisor.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import type { FileKeeper } from "./fileKeeper.ts";
import { HealthThroughNginx } from "./healthThroughNginx.ts";

/** Opens a host in a container; its files are in a volume that outlives the container. */
export function openDockerHost(
  docker: Docker,
  keeper: FileKeeper,
  nginx: NginxAccess,
  place: DockerHostDescriptor,
): HostParts {
  return {
    place,
    files: new HostFiles(keeper, keeper.folderOf(place.volume)),
    supervisor: new ContainerSupervisor(docker, place),
    health: new HealthThroughNginx(nginx, place.name),
  };
}

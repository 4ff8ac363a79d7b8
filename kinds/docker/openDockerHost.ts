import type Docker from "dockerode";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import type { SlotParts } from "#rollout/host/machineSlot.ts";
import type { AsksNginx } from "./askAny.ts";
import { ContainerStartupCache } from "./containerStartupCache.ts";
import { ContainerSupervisor } from "./containerSupervisor.ts";
import { ContainerTasks } from "./containerTasks.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";
import { type DockerSlot, firstSlot, secondOf, secondSlot } from "./dockerSlot.ts";
import type { FileKeeper } from "./fileKeeper.ts";
import { HealthThroughNginx } from "./healthThroughNginx.ts";
import { HostContainer } from "./hostContainer.ts";

/** Opens a host with a container per slot; its files are in a volume that outlives them. */
export function openDockerHost(
  docker: Docker,
  keeper: FileKeeper,
  nginx: AsksNginx,
  place: DockerHostDescriptor,
): HostParts {
  const directory = keeper.folderOf(place.volume);
  const open = (slot: DockerSlot, former?: HostContainer): SlotParts => ({
    place: slot,
    supervisor: new ContainerSupervisor(docker, slot, keeper, { directory, ...(former && { former }) }),
    health: new HealthThroughNginx(nginx, slot.name),
  });
  const [first, second] = [firstSlot(place), secondSlot(place)];
  const former = new HostContainer(docker, { ...first, container: secondOf(first.container) });
  return {
    ...(second ? open(first) : open(first, former)),
    files: new HostFiles(keeper, directory),
    tasks: new ContainerTasks(docker, firstSlot(place), keeper.imageOf),
    startupCache: (launch) => {
      const slots = [first, ...(second ? [second] : [])] as const;
      return new ContainerStartupCache(docker, slots, keeper, directory, launch);
    },
    ...(second && { second: open(second) }),
  };
}

import type { HostPlace } from "#rollout/host/hostPlace.ts";
import { SECOND } from "#rollout/host/slots.ts";
import type { DockerHostDescriptor } from "./dockerDescriptors.ts";

/** A slot of a host: a container at an address of its own, with the host's volume. */
export interface DockerSlot
  extends HostPlace,
    Pick<DockerHostDescriptor, "engine" | "container" | "volume" | "network"> {
  /** The host's name, which a second slot's differs from. */
  readonly host: string;
}

/** Where a host's first container runs. */
export function firstSlot({ kind: _, second: __, ...place }: DockerHostDescriptor): DockerSlot {
  return { ...place, host: place.name };
}

/** Where a second container can run beside the first. */
export function secondSlot(host: DockerHostDescriptor): DockerSlot | undefined {
  const { name, container, second, engine, volume, network } = host;
  if (!second) return undefined;
  return {
    name: `${name}${SECOND}`,
    ...second,
    host: name,
    container: secondOf(container),
    engine,
    volume,
    network,
  };
}

/** The name of the second container. */
export function secondOf(container: string): string {
  return `${container}${SECOND}`;
}

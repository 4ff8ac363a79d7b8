import type { z } from "zod";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { type Change, settingIn, type Values } from "../change.ts";
import { isSameEngine, openEngine, requireEngine } from "../engine/openEngine.ts";
import { type HostKind, keptInputs, type OpenHost } from "../hostKind.ts";
import { cannotMove } from "../placed.ts";
import { ContainerMachine, isDockerError } from "./containerMachine.ts";
import { ContainerSupervisor } from "./containerSupervisor.ts";
import { dockerHostDescriptor } from "./dockerDescriptors.ts";
import { type DockerSlot, firstSlot, secondOf, secondSlot } from "./dockerSlot.ts";
import { removeKeepers } from "./fileKeeper.ts";
import { HostContainer } from "./hostContainer.ts";

/** The inputs of a host on a Docker engine. */
export const dockerHostInputs = dockerHostDescriptor.extend(keptInputs);
export type DockerHostInputs = z.infer<typeof dockerHostInputs>;

const OWN_ENGINE = "the docker CLI's own engine";

/** A host on a Docker engine: a volume, and the containers that rolls create in its slots. */
export const dockerHost: HostKind = {
  inputs: dockerHostInputs,
  asked: "container",
  place: ["container", "volume"],
  prepare,
  open,
};

function open(inputs: object): OpenHost {
  const place = partOf(dockerHostDescriptor, inputs);
  const docker = openEngine(place.engine);
  const first = firstSlot(place);
  // The settings may no longer have a second slot whose container is still there.
  const slots = [first, { ...first, ...secondSlot(place), container: secondOf(first.container) }];
  const supervise = (slot: DockerSlot) =>
    new ContainerSupervisor(docker, slot, new ContainerMachine(docker, slot.container));
  return {
    id: place.container,
    supervisors: slots.map(supervise),
    portOwner: () => supervise(first).portOwner(),
    isThere: () =>
      docker
        .getVolume(place.volume)
        .inspect()
        .then(() => true)
        .catch((error: unknown) => {
          if (!isDockerError(error, 404)) throw error;
          return false;
        }),
    // Pulumi removes the volume.
    removeFiles: async () => {
      await removeKeepers(docker, place.volume);
      for (const slot of slots) await new HostContainer(docker, slot).remove();
      return undefined;
    },
    close: async () => {},
  };
}

/** Rejects another engine, because containers would be left behind or all replaced at once. */
async function prepare({ olds, news }: Change): Promise<Values> {
  const { engine } = partOf(dockerHostInputs, news);
  const left = settingIn(olds, "engine");
  try {
    await requireEngine(openEngine(engine), engine);
    if (typeof left !== "string" || (await isSameEngine(left, engine))) return news;
  } catch (error) {
    throw new InvalidInput("engine", messageOf(error), { cause: error });
  }
  throw new InvalidInput("engine", cannotMove(left || OWN_ENGINE, engine || OWN_ENGINE));
}

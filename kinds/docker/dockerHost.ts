import type { z } from "zod";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { type Change, settingIn, type Values } from "../change.ts";
import { type HostKind, keptInputs, type OpenHost } from "../hostKind.ts";
import { cannotMove } from "../placed.ts";
import { isDockerError } from "./containerMachine.ts";
import { ContainerSupervisor } from "./containerSupervisor.ts";
import { dockerHostDescriptor } from "./dockerDescriptors.ts";
import { HostContainer } from "./hostContainer.ts";
import { isSameEngine, openEngine, requireEngine } from "./openEngine.ts";

/** The inputs of a host on a Docker engine. */
export const dockerHostInputs = dockerHostDescriptor.extend(keptInputs);
export type DockerHostInputs = z.infer<typeof dockerHostInputs>;

const OWN_ENGINE = "the docker CLI's own engine";

/** A host on a Docker engine: a volume, and the containers that rolls create for it. */
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
  const supervisor = new ContainerSupervisor(docker, place);
  return {
    id: place.container,
    supervisors: [supervisor],
    portOwner: () => supervisor.portOwner(),
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
      await new HostContainer(docker, place).remove();
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

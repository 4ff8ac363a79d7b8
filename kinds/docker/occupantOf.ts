import type Docker from "dockerode";
import { isDockerError } from "./containerMachine.ts";

/** The running container that has an address in a network; a network that does not exist yet has none. */
export async function occupantOf(
  docker: Docker,
  network: string,
  address: string,
): Promise<string | undefined> {
  try {
    const { Containers } = await docker.getNetwork(network).inspect();
    return occupantIn(Containers, address);
  } catch (error) {
    if (isDockerError(error, 404)) return undefined;
    throw error;
  }
}

/** The container that has an address, of those in a network. */
export function occupantIn(
  containers: Docker.NetworkInspectInfo["Containers"],
  address: string,
): string | undefined {
  const occupants = Object.values(containers ?? {});
  return occupants.find(({ IPv4Address }) => IPv4Address.split("/")[0] === address)?.Name;
}

import type Docker from "dockerode";
import { isDockerError } from "./containerMachine.ts";

/** Removes a container, running or not, if it exists. */
export async function removeContainer(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getContainer(name).remove({ force: true });
  } catch (error) {
    // 409: it is already being removed.
    if (!isDockerError(error, 404, 409)) throw error;
  }
}

import type Docker from "dockerode";
import { isDockerError } from "./containerMachine.ts";

/** Removes a container, running or not; one that is gone is no error. */
export async function removeContainer(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getContainer(name).remove({ force: true });
  } catch (error) {
    // 409: somebody else is removing it.
    if (!isDockerError(error, 404, 409)) throw error;
  }
}

import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { describeDockerError } from "./containerMachine.ts";
import { findCredentials } from "./registryCredentials.ts";

/** Has the engine pull an image, with the credentials that the user's docker CLI would use. */
export async function pullImage(docker: Docker, image: string): Promise<void> {
  try {
    const authconfig = await findCredentials(image);
    // A name without a tag would mean all of them.
    const hasTag = /[:@][^/]*$/.test(image);
    const progress = await docker.pull(hasTag ? image : `${image}:latest`, authconfig ? { authconfig } : {});
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new RollgateError("no-image", `cannot pull ${image}: ${describeDockerError(error)}`, {
      cause: error,
    });
  }
}

import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import { describeDockerError } from "./containerMachine.ts";
import { findCredentials } from "./registryCredentials.ts";

/** Pulls an image with the credentials of the user's docker CLI. */
export async function pullImage(docker: Docker, image: string): Promise<void> {
  try {
    const authconfig = await findCredentials(image);
    // Without a tag, Docker would pull all tags.
    const hasTag = /[:@][^/]*$/.test(image);
    const progress = await docker.pull(hasTag ? image : `${image}:latest`, authconfig ? { authconfig } : {});
    // Docker answers with success before it starts, and reports failures in its progress.
    const failure = (await text(progress)).split(/\r?\n/).map(failureIn).find(Boolean);
    if (failure !== undefined) throw new Error(failure);
  } catch (error) {
    throw new RollgateError("no-image", `cannot pull ${image}: ${describeDockerError(error)}`, {
      cause: error,
    });
  }
}

function failureIn(line: string): string | undefined {
  if (line === "") return undefined;
  const { error } = Object(JSON.parse(line));
  return error === undefined ? undefined : String(error);
}

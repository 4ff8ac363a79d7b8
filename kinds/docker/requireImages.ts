import type Docker from "dockerode";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { within } from "#rollout/common/within.ts";
import { describeDockerError, isDockerError } from "./containerMachine.ts";
import { findCredentials, registryOf } from "./registryCredentials.ts";

const ANSWER_SECONDS = 20;
const DENIED = /unauthorized|denied|authentication required|no basic auth/i;
const UNKNOWN = /manifest unknown|not found|name unknown|no such manifest/i;

/**
 * Rejects an image that neither the engine nor its registry has; `images` is keyed by setting. A registry that can't be
 * reached is not an error here, since it may be back by the time of the pull.
 */
export async function requireImages(docker: Docker, images: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(Object.entries(images).map(([setting, image]) => requireImage(docker, setting, image)));
}

async function requireImage(docker: Docker, setting: string, image: string): Promise<void> {
  if (await hasImage(docker, image)) return;
  const refuse = (reason: string, cause: unknown) =>
    new InvalidInput(setting, `expected an image that can be pulled, got ${image}: ${reason}`, { cause });
  const authconfig = await findCredentials(image).catch((error: unknown) => {
    throw refuse(messageOf(error), error);
  });
  try {
    const answer = docker.getImage(image).distribution(authconfig ? { authconfig } : {});
    await within(ANSWER_SECONDS, `asking for ${image}`, answer);
  } catch (error) {
    const words = describeDockerError(error);
    const login = registryOf(image).startsWith("https:")
      ? "docker login"
      : `docker login ${registryOf(image)}`;
    if (isDockerError(error, 401, 403) || DENIED.test(words)) {
      throw refuse(`${words} (does it exist, and has this user run \`${login}\`?)`, error);
    }
    if (isDockerError(error, 404) || UNKNOWN.test(words)) throw refuse(words, error);
  }
}

/** Whether the engine has an image. */
export async function hasImage(docker: Docker, image: string): Promise<boolean> {
  try {
    await docker.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isDockerError(error, 404)) return false;
    throw error;
  }
}

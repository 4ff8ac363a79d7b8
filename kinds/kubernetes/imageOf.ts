import { archiveName } from "#rollout/release/release.ts";
import type { ImageSource } from "./kubernetesDescriptors.ts";

/** Where the application is in an image that rollgate builds. */
export const APPLICATION_FOLDER = "/application";

/** The longest tag that a registry accepts. */
const LONGEST_TAG = 128;

/** The tag of the image for a release; a version may have characters that a tag may not. */
export function tagOf(release: string, build: string): string {
  return `${release.replaceAll(/[^A-Za-z0-9_.-]/g, "_")}-${build}`.slice(-LONGEST_TAG).replace(/^[.-]+/, "");
}

/** The image that the pods of a release run; `pinned` is its name by digest, if that is known. */
export function imageOf(image: ImageSource, release: string, pinned: string | undefined): string {
  if ("name" in image) return image.name;
  return pinned ?? `${image.repository}:${tagOf(release, image.build)}`;
}

/** Whether kubelet gets it from a registry, or finds it on its node. */
export function pullPolicyOf(image: ImageSource): string {
  return "name" in image || image.isPushed ? "IfNotPresent" : "Never";
}

/** The archive of a release in an image that rollgate builds. */
export function archiveInImage(release: string): string {
  return `${APPLICATION_FOLDER}/${archiveName(release)}`;
}

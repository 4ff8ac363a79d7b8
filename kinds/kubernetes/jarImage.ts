import { Image } from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { tagOf } from "./imageOf.ts";
import type { ImageSource } from "./kubernetesDescriptors.ts";

/** An image to build from the archive of a release. */
export interface BuiltImage {
  readonly source: ImageSource;
  readonly base: string;
  /** Absent if nobody knows it yet. */
  readonly platform: string | undefined;
  readonly release: string;
  /** The folder with the archive and its Dockerfile, relative to the project. */
  readonly context: string;
}

/** Builds an image, and pushes it if it has a registry; returns its name by digest in that case. */
export function declareImage(
  name: string,
  { source, base, platform, release, context }: BuiltImage,
  parent: pulumi.Resource,
): pulumi.Output<string> | undefined {
  if ("name" in source) return undefined;
  const { repository, build, isPushed } = source;
  const image = new Image(
    `${name}-image`,
    {
      imageName: `${repository}:${tagOf(release, build)}`,
      build: {
        context,
        dockerfile: `${context}/Dockerfile`,
        args: { BASE: base },
        ...(platform !== undefined && { platform }),
      },
      skipPush: !isPushed,
    },
    { parent },
  );
  return isPushed ? image.repoDigest : undefined;
}

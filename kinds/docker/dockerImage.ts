import type { Given } from "#provider/dynamicProvider.ts";
import { DynamicResource } from "../dynamicResource.ts";
import type * as pulumi from "../pulumi.ts";
import type { DockerImageInputs } from "./pulledImage.ts";

// Deleting it leaves the image on the engine, since other stacks may use it.
const load = () => import("rollgate/provider/docker-image");

/** An image on a Docker engine, pulled with the credentials of the user's docker CLI, which never reach the state. */
export class DockerImage extends DynamicResource {
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: Given<DockerImageInputs>, options?: pulumi.CustomResourceOptions) {
    super("DockerImage", load, name, { ...args }, options);
  }
}

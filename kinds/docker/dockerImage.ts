import * as pulumi from "@pulumi/pulumi";
import { dynamicProvider, type Given } from "#provider/dynamicProvider.ts";
import type { DockerImageInputs } from "./pulledImage.ts";

// Deleting it leaves the image on the engine, since other stacks may use it.
const provider = dynamicProvider(() => import("rollgate/provider/docker-image"));

/** An image on a Docker engine, pulled with the credentials of the user's docker CLI, which never reach the state. */
export class DockerImage extends pulumi.dynamic.Resource {
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: Given<DockerImageInputs>, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "DockerImage");
  }
}

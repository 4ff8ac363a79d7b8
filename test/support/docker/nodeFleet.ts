import { baseImages } from "../../../harness/docker/baseImages.ts";
import { DockerFleet } from "../../../harness/docker/dockerFleet.ts";
import { docker } from "../../../harness/docker/engine.ts";
import { nodeAppImage } from "./nodeAppImage.ts";

/** A fleet of containers for fake jars, whose `java` starts at once, and the image that has it. */
export class NodeFleet {
  readonly fleet: DockerFleet;
  readonly java: string;
  readonly #image: string;

  private constructor(fleet: DockerFleet, java: string, image: string) {
    this.fleet = fleet;
    this.java = java;
    this.#image = image;
  }

  static async create(size: number, options: { readonly second?: boolean } = {}): Promise<NodeFleet> {
    const images = await baseImages();
    const { image, java } = await nodeAppImage(images.nginx);
    const fleet = await DockerFleet.create(size, {}, { ...options, images: { ...images, jre: image } });
    return new NodeFleet(fleet, java, image);
  }

  async remove(): Promise<void> {
    await this.fleet.remove();
    await docker(["image", "rm", this.#image]);
  }
}

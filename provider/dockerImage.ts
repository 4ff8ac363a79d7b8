import { isDeepStrictEqual } from "node:util";
import { openEngine } from "#kinds/docker/openEngine.ts";
import { pullImage } from "#kinds/docker/pullImage.ts";
import { hasImage } from "#kinds/docker/requireImages.ts";
import { ownInputs } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";

/** An image that a stack runs on. */
export interface DockerImageInputs {
  /** As in `dockerEngine`. */
  readonly engine: string;
  readonly image: string;
}

/** Another image is one more to have; none is removed. */
export function diff(olds: object, news: object): { changes: boolean } {
  return { changes: !isDeepStrictEqual(ownInputs(olds), ownInputs(news)) };
}

/** Pulls the image unless the engine has it. */
export async function create(inputs: object): Promise<{ id: string; outs: object }> {
  const { engine, image } = describe(inputs);
  const docker = openEngine(engine);
  if (!(await hasImage(docker, image))) {
    console.log(`pulling ${image}`);
    await finishWithoutEngine(() => pullImage(docker, image));
  }
  return { id: image, outs: inputs };
}

/** One that was removed from the engine is pulled again. */
export async function read(id: string, props: object): Promise<{ id: string; props: object }> {
  const { engine, image } = describe(props);
  return (await hasImage(openEngine(engine), image)) ? { id, props } : { id: "", props: {} };
}

function describe(inputs: object): DockerImageInputs {
  const { engine, image } = ownInputs(inputs);
  return { engine: String(engine), image: String(image) };
}

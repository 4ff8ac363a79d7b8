import { type Created, type Difference, type Found, GONE } from "#provider/crud.ts";
import { finishWithoutEngine } from "#provider/engineLife.ts";
import { type Change, differing, type News, type Olds, settingIn } from "../change.ts";
import { openEngine } from "../engine/openEngine.ts";
import { pullImage } from "./pullImage.ts";
import { hasImage } from "./requireImages.ts";

/** An image that a stack needs. */
export interface DockerImageInputs {
  /** As in `dockerEngine`. */
  readonly engine: string;
  readonly image: string;
}

/** A new image is pulled; old ones are never removed. */
export async function diff(change: Change): Promise<Difference> {
  return { changes: differing(change, ["engine", "image"]).length > 0 };
}

/** Pulls the image unless the engine has it. */
export async function create(news: News): Promise<Created> {
  const { engine, image } = describe(news);
  const docker = openEngine(engine);
  if (!(await hasImage(docker, image))) {
    console.log(`pulling ${image}`);
    await finishWithoutEngine(() => pullImage(docker, image));
  }
  return { id: image, outs: news };
}

/** Reports an image that was removed from the engine as gone, so that it is pulled again. */
export async function read(id: string, olds: Olds): Promise<Found> {
  const { engine, image } = describe(olds);
  return (await hasImage(openEngine(engine), image)) ? { id, props: olds } : GONE;
}

function describe(inputs: object): DockerImageInputs {
  return { engine: String(settingIn(inputs, "engine")), image: String(settingIn(inputs, "image")) };
}

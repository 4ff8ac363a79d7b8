import { isDeepStrictEqual } from "node:util";
import { isDockerError } from "#kinds/docker/containerMachine.ts";
import { type DockerHostDescriptor, dockerHostDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import { HostContainer } from "#kinds/docker/hostContainer.ts";
import { isSameEngine, openEngine, requireEngine } from "#kinds/docker/openEngine.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, ownInputs } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";

/** A host on a Docker engine. */
export interface DockerHostInputs extends DockerHostDescriptor {
  /** How long the application may take to stop when the host is deleted. */
  readonly graceSeconds: number;
}

/** Refuses an engine that does not answer and a container that is somebody else's; changes nothing. */
export async function check(news: object, olds: object = {}): Promise<CheckAnswer<object>> {
  const { graceSeconds, ...descriptor } = ownInputs(news);
  const problems = problemsOf(dockerHostDescriptor, descriptor);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const refuse = (property: string, error: unknown) => ({
    failures: [{ property, reason: `${messageOf(error)}. Nothing was changed.` }],
  });
  const host = parse(dockerHostDescriptor, descriptor);
  const docker = openEngine(host.engine);
  try {
    await requireEngine(docker, host.engine);
    await refuseToMove(ownInputs(olds).engine, host.engine);
  } catch (error) {
    return refuse("engine", error);
  }
  try {
    await new HostContainer(docker, host).inspect();
  } catch (error) {
    return refuse("container", error);
  }
  return { inputs: { ...descriptor, graceSeconds } };
}

/** Containers on another engine would be left behind, or all be replaced at once. */
export async function refuseToMove(left: unknown, engine: string): Promise<void> {
  if (typeof left !== "string" || (await isSameEngine(left, engine))) return;
  throw new Error(cannotMove(left || "the docker CLI's own engine", engine || "the docker CLI's own engine"));
}

/** Another name on the engine is another host; everything else is for the rollout to bring about. */
export function diff(olds: object, news: object): { changes: boolean; replaces: string[] } {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const replaces = ["name", "container", "volume"].filter((key) => old[key] !== next[key]);
  return { changes: !isDeepStrictEqual(old, next), replaces };
}

/** Nothing to make: the rollout makes the container, and one that is there already is adopted as it is. */
export async function create(inputs: object): Promise<{ id: string; outs: object }> {
  return { id: describe(inputs).container, outs: inputs };
}

/** A host whose volume is gone is gone. */
export async function read(id: string, props: object): Promise<{ id: string; props: object }> {
  const { engine, volume } = describe(props);
  try {
    await openEngine(engine).getVolume(volume).inspect();
    return { id, props };
  } catch (error) {
    if (!isDockerError(error, 404)) throw error;
    return { id: "", props: {} };
  }
}

/** Stops the application and removes its containers; the volume is Pulumi's. */
export function remove(inputs: object): Promise<void> {
  return finishWithoutEngine(() => removeHost(inputs));
}

async function removeHost(inputs: object): Promise<void> {
  const host = describe(inputs);
  const container = new HostContainer(openEngine(host.engine), host);
  await container.stop(Number(ownInputs(inputs).graceSeconds));
  await container.remove();
}

function describe(inputs: object): DockerHostDescriptor {
  const { graceSeconds: _, ...descriptor } = ownInputs(inputs);
  return parse(dockerHostDescriptor, descriptor);
}

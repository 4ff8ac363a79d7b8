import { isDeepStrictEqual } from "node:util";
import { askOrKeep, removeFrom } from "#kinds/ssh/lostServer.ts";
import { onServer } from "#kinds/ssh/onServer.ts";
import { openSshHost } from "#kinds/ssh/openSshHost.ts";
import { identityOf, isSameServer } from "#kinds/ssh/sameServer.ts";
import { type SshHostDescriptor, sshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, ownInputs, portTakenBy } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";

/** A host on a server that is reached over SSH. */
export interface SshHostInputs extends SshHostDescriptor {
  /** How long the application may take to stop when the host is deleted. */
  readonly graceSeconds: number;
}

/** What may not change on a server while something runs there. */
const PLACE = ["directory", "supervisor", "unit"];

/** Whether the server can be reached is found out before anything is declared. */
export async function check(news: object, olds: object = {}): Promise<CheckAnswer<object>> {
  const { graceSeconds, ...descriptor } = ownInputs(news);
  const problems = problemsOf(sshHostDescriptor, descriptor);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const obstacle =
    (await obstacleToMove(ownInputs(olds), ownInputs(news))) ??
    (await obstacleToCome(ownInputs(olds), descriptor));
  if (obstacle) return { failures: [{ ...obstacle, reason: `${obstacle.reason}. Nothing was changed.` }] };
  return { inputs: { ...descriptor, graceSeconds } };
}

/** Another server is another host, another way to write it is not; the rest is for the rollout to bring about. */
export async function diff(olds: object, news: object): Promise<{ changes: boolean; replaces: string[] }> {
  const [{ identity, ...old }, next] = [ownInputs(olds), ownInputs(news)];
  const isSame = await isSameServer({ ...describe(old), identity }, describe(next));
  const replaces = [
    ...(isSame ? [] : ["server"]),
    ...["name", ...PLACE].filter((key) => old[key] !== next[key]),
  ];
  return { changes: !isDeepStrictEqual(old, next), replaces };
}

/** Why what runs there cannot be left for the new place, as far as both are on one server that still answers. */
async function obstacleToMove(
  old: Record<string, unknown>,
  next: Record<string, unknown>,
): Promise<{ property: string; reason: string } | undefined> {
  const key = PLACE.find((each) => old.server !== undefined && old[each] !== next[each]);
  if (key === undefined) return undefined;
  try {
    const [from, to] = [describe(old), describe(next)];
    if (!(await isSameServer(from, to))) return undefined;
    const running = await onServer(from, (machine) => openSshHost(machine, from).supervisor.running());
    return running && { property: key, reason: cannotMove(old[key], next[key]) };
  } catch (error) {
    return { property: "server", reason: messageOf(error) };
  }
}

/** Who has the port of a host that is new; a server that cannot be asked yet may still have to be made ready. */
async function obstacleToCome(
  old: Record<string, unknown>,
  next: Record<string, unknown>,
): Promise<{ property: string; reason: string } | undefined> {
  if (old.name === next.name) return undefined;
  const host = parse(sshHostDescriptor, next);
  const owner = await onServer(host, (machine) => openSshHost(machine, host).supervisor.portOwner()).catch(
    () => undefined,
  );
  if (owner?.kind !== "other") return undefined;
  return { property: "port", reason: portTakenBy(host.port, owner.name) };
}

/** Nothing to make: what is there already is adopted as it is. */
export async function create(inputs: object): Promise<{ id: string; outs: object }> {
  const host = describe(inputs);
  return {
    id: `${host.server}:${host.directory}`,
    outs: { ...inputs, identity: await identityOf(host) },
  };
}

/** A host whose folder is gone is gone; one whose server cannot be asked is kept, so that it can be removed. */
export async function read(id: string, props: object): Promise<{ id: string; props: object }> {
  const host = describe(props);
  const there = await askOrKeep(
    host.name,
    () =>
      onServer(host, (machine) =>
        machine.run('if [ -d "$1/releases" ]; then echo yes; fi', [host.directory]),
      ),
    "yes",
  );
  return there === "" ? { id: "", props: {} } : { id, props };
}

/** Ends the application and removes what a roll brought; what was provisioned is Pulumi's. */
export function remove(inputs: object): Promise<void> {
  return finishWithoutEngine(() => removeHost(inputs));
}

async function removeHost(inputs: object): Promise<void> {
  const host = describe(inputs);
  const left = `the application (unit ${host.unit}) and ${host.directory}`;
  await removeFrom(host, host.name, left, () =>
    onServer(host, async (machine) => {
      const { supervisor, files } = openSshHost(machine, host);
      await supervisor.stop(Number(ownInputs(inputs).graceSeconds));
      const kept = await files.removeAll();
      if (kept !== undefined)
        console.log(`${host.name}: what the application wrote is left in ${kept} on ${host.server}`);
    }),
  );
}

function describe(inputs: object): SshHostDescriptor {
  const { graceSeconds: _, identity: __, ...descriptor } = ownInputs(inputs);
  return parse(sshHostDescriptor, descriptor);
}

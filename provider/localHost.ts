import { access, constants, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { type LocalHostDescriptor, localHostDescriptor } from "#kinds/local/localDescriptors.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { withJava } from "#kinds/local/withJava.ts";
import { isSystemError, messageOf } from "#rollout/common/errors.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, hasUnknown, ownInputs, portTakenBy } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";

/** A host on this machine, and the Java that it will run. */
export interface LocalHostInputs extends LocalHostDescriptor {
  readonly java: string;
  /** How long the application may take to stop when the host is deleted. */
  readonly graceSeconds: number;
}

const PARTS = ["releases", "work", "logs"];

/** Refuses a host that no JVM could run on; changes nothing. */
export async function check(news: object, olds: object = {}): Promise<CheckAnswer<object>> {
  if (hasUnknown(news)) return { inputs: news };
  const { java, graceSeconds, ...descriptor } = ownInputs(news);
  const problems = problemsOf(localHostDescriptor, descriptor);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const refuse = (property: string, reason: string) => ({
    failures: [{ property, reason: `${reason}. Nothing was changed.` }],
  });
  const foundJava = findJava(String(java), ownInputs(olds).java);
  if (foundJava === undefined) {
    return refuse("java", `expected a Java runtime, found no executable ${java}`);
  }
  const obstacle = await obstacleTo(String(descriptor.directory));
  if (obstacle !== undefined) return refuse("directory", obstacle);
  const left = ownInputs(olds).directory;
  if (typeof left === "string" && left !== descriptor.directory) {
    const place = { ...parse(localHostDescriptor, descriptor), directory: left };
    if (await openLocalHost(place).supervisor.running())
      return refuse("directory", cannotMove(left, descriptor.directory));
  }
  const owner = await openLocalHost(parse(localHostDescriptor, descriptor)).supervisor.portOwner();
  if (owner.kind === "other") {
    const { port } = owner;
    if (port !== undefined) return refuse("healthPort", portTakenBy(port, owner.name));
    return refuse("port", portTakenBy(descriptor.port, owner.name));
  }
  return { inputs: { ...descriptor, java: foundJava, graceSeconds } };
}

/** Another directory is another host; everything else is for the rollout to bring about. */
export function diff(olds: object, news: object): { changes: boolean; replaces: string[] } {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const replaces = ["directory", "name"].filter((key) => old[key] !== next[key]);
  return { changes: !isDeepStrictEqual(old, next), replaces };
}

/** Makes the directories; a host that is there already is adopted as it is. */
export async function create(inputs: object): Promise<{ id: string; outs: object }> {
  const descriptor = describe(inputs);
  try {
    for (const part of PARTS) await mkdir(join(descriptor.directory, part), { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new Error(`directory: expected a folder that this user may write, got ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { id: descriptor.name, outs: inputs };
}

/** A host whose directory is gone is gone. */
export async function read(id: string, props: object): Promise<{ id: string; props: object }> {
  const there = await stat(join(describe(props).directory, "releases")).then(
    () => true,
    () => false,
  );
  return there ? { id, props } : { id: "", props: {} };
}

/** Ends the JVM and removes what is ours; what the application wrote, and files of others, are left alone. */
export function remove(inputs: object): Promise<void> {
  return finishWithoutEngine(() => removeHost(inputs));
}

async function removeHost(inputs: object): Promise<void> {
  const descriptor = describe(inputs);
  const { supervisor, files } = openLocalHost(descriptor);
  await supervisor.stop(Number(ownInputs(inputs).graceSeconds));
  const left = await files.removeAll();
  if (left !== undefined) console.log(`${descriptor.name}: what the application wrote is left in ${left}`);
}

/** The path of the Java that a roll would take: what was found before is kept, as there. */
function findJava(java: string, known: unknown): string | undefined {
  const launch = { java, jvmOptions: [], arguments: [] };
  return findExecutable(withJava(launch, typeof known === "string" ? known : undefined).java);
}

/** Why a directory could not be made, as far as that can be told without making it. */
async function obstacleTo(directory: string): Promise<string | undefined> {
  const found = await stat(directory).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return undefined;
    return messageOf(error);
  });
  if (found === undefined) return obstacleTo(dirname(directory));
  if (typeof found === "string") return `expected a folder that this user may write, got ${found}`;
  if (!found.isDirectory()) return `expected a folder, got a file: ${directory}`;
  return access(directory, constants.W_OK).then(
    () => undefined,
    () => `expected a folder that this user may write, got ${directory}`,
  );
}

function describe(inputs: object): LocalHostDescriptor {
  const { java: _, graceSeconds: __, ...descriptor } = ownInputs(inputs);
  return parse(localHostDescriptor, descriptor);
}

import { isDeepStrictEqual } from "node:util";
import type { Change, News, Olds } from "#kinds/change.ts";
import type { HostKind, OpenHost } from "#kinds/hostKind.ts";
import { machineKind } from "#kinds/kinds.ts";
import { takenPort } from "#kinds/takenPort.ts";
import { closing } from "#rollout/common/closing.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import {
  type CheckAnswer,
  type Created,
  type Difference,
  type Found,
  GONE,
  hasUnknown,
  ownInputs,
} from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { refusal, refuseToMove, replacedBy } from "./openPlaced.ts";

/** Rejects a host on which no application could run; changes nothing. */
export async function check({ olds, news }: Change): Promise<CheckAnswer> {
  const { portsAreFree, ...all } = news;
  if (hasUnknown(all)) return { inputs: all };
  const given = inputsOf(all);
  const kind = await kindOf(given);
  const failures = problemsOf(kind.inputs, given).map(({ property, reason }) => ({ property, reason }));
  if (failures.length > 0) return { failures };
  const change = { olds: inputsOf(olds), news: given };
  try {
    const inputs = (await kind.prepare?.(change)) ?? given;
    await refuseToMove(kind, change, isRunning);
    // Of a host that is as it was, the plan of a roll tells; Pulumi would ask one host after the other here. The same
    // holds for new ones, at which the program may have looked.
    const isKnown = portsAreFree === true && Object.keys(change.olds).length === 0;
    if (!isKnown && !isDeepStrictEqual(change.olds, inputs)) await requirePorts(kind, inputs);
    return { inputs };
  } catch (error) {
    return refusal(error, kind.asked);
  }
}

/** Another place is another host; the rollout takes care of all other changes. */
export async function diff({ olds, news }: Change): Promise<Difference> {
  const change = { olds: inputsOf(olds), news: inputsOf(news) };
  if (change.olds.kind !== change.news.kind) return { changes: true, replaces: ["kind"] };
  const kind = await kindOf(change.news);
  const isRenamed = change.olds.name !== change.news.name;
  const replaces = await replacedBy(kind, { olds: ownInputs(olds), news: change.news });
  return {
    changes: !isDeepStrictEqual(change.olds, change.news),
    replaces: [...replaces, ...(isRenamed ? ["name"] : [])],
  };
}

/** Creates what a roll needs; an existing host is adopted. */
export async function create(news: News): Promise<Created> {
  const inputs = inputsOf(news);
  const kind = await kindOf(inputs);
  return closing(kind.open(inputs), async (host) => {
    await host.make?.();
    return { id: host.id, outs: { ...news, ...(await kind.outputs?.(inputs)) } };
  });
}

/** A host without its files counts as gone; one that can't be reached is kept, so that it can be removed. */
export async function read(id: string, olds: Olds): Promise<Found> {
  const inputs = inputsOf(olds);
  const kind = await kindOf(inputs);
  const ask = () => closing(kind.open(inputs), (host) => host.isThere());
  const isThere = await (kind.askOrKeep?.(inputs, ask, true) ?? ask());
  return isThere ? { id, props: olds } : GONE;
}

/** Stops the application and removes our files, but keeps what it wrote and files of others. */
export async function remove(olds: Olds): Promise<void> {
  const inputs = inputsOf(olds);
  const kind = await kindOf(inputs);
  const { name, graceSeconds } = parse(kind.inputs, inputs);
  const removeHost = () =>
    closing(kind.open(inputs), async (host) => {
      for (const supervisor of host.supervisors) await supervisor.stop(graceSeconds);
      const left = await host.removeFiles();
      if (left !== undefined) console.log(`${name}: the application's files are kept in ${left}`);
    });
  await finishWithoutEngine(() => kind.removeOrLeave?.(inputs, removeHost) ?? removeHost());
}

async function isRunning({ supervisors }: OpenHost): Promise<boolean> {
  const running = await Promise.all(supervisors.map((supervisor) => supervisor.running()));
  return running.some((app) => app !== undefined);
}

async function requirePorts(kind: HostKind, inputs: object): Promise<void> {
  const owner = await closing(kind.open(inputs), (host) => host.portOwner());
  const taken = takenPort(owner, parse(kind.inputs, inputs));
  if (taken) throw taken;
}

async function kindOf({ kind }: { readonly kind?: unknown }): Promise<HostKind> {
  return machineKind(kind).hosts();
}

function inputsOf(inputs: object): Record<string, unknown> {
  return ownInputs(inputs, "identity");
}

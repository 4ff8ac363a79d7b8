import { z } from "zod";
import { type Created, type Difference, type Found, ownInputs } from "#provider/crud.ts";
import { finishWithoutEngine } from "#provider/engineLife.ts";
import { parse } from "#rollout/request/validate.ts";
import { type Change, differing, type News, type Olds } from "../change.ts";
import { cluster } from "./kubernetesDescriptors.ts";
import { removeWorkload } from "./openWorkload.ts";

const workloadInputs = z.object({ cluster, namespace: z.string(), name: z.string() });
/** Where the pods of a stack are. */
export type WorkloadInputs = z.infer<typeof workloadInputs>;

/** At another place is another one; how the cluster is reached is no place. */
export async function diff(change: Change): Promise<Difference> {
  const replaces = differing(change, ["namespace", "name"]);
  return { changes: replaces.length > 0 || differing(change, ["cluster"]).length > 0, replaces };
}

/** The rollout makes the pods. */
export async function create(news: News): Promise<Created> {
  const { namespace, name } = parse(workloadInputs, ownInputs(news));
  return { id: `${namespace}/${name}`, outs: news };
}

export async function read(id: string, olds: Olds): Promise<Found> {
  return { id, props: olds };
}

export async function remove(olds: Olds): Promise<void> {
  const inputs = parse(workloadInputs, ownInputs(olds));
  await finishWithoutEngine(() => removeWorkload(inputs));
}

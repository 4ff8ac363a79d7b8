import { RollgateError } from "#rollout/common/errors.ts";
import { type Cluster, isRefusal } from "./cluster.ts";
import type { Right } from "./rights.ts";
import type { Workload } from "./workload.ts";

/** Throws if the account lacks some of these rights; every account may ask this about itself. */
export async function refuseForbidden(
  cluster: Pick<Cluster, "authorization" | "ask">,
  { namespace }: Pick<Workload, "namespace">,
  rights: readonly Right[],
): Promise<void> {
  const missing = (await Promise.all(rights.map((right) => missingOf(cluster, namespace, right)))).filter(
    ({ verbs }) => verbs.length > 0,
  );
  if (missing.length === 0) return;
  const expected = missing.map(inWords).join(", ");
  throw new RollgateError(
    "cluster-forbids",
    `expected an account that may ${expected} in namespace ${namespace}, got one that may not`,
  );
}

/** The right with the verbs that are not allowed. */
async function missingOf(
  { authorization, ask }: Pick<Cluster, "authorization" | "ask">,
  namespace: string,
  right: Right,
): Promise<Right> {
  const [resource = "", subresource] = right.resource.split("/");
  const answers = right.verbs.map(async (verb) => {
    const resourceAttributes = {
      namespace,
      verb,
      resource,
      ...(right.group !== undefined && { group: right.group }),
      ...(subresource !== undefined && { subresource }),
    };
    try {
      const { status } = await ask(
        authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
      );
      return status?.allowed === false ? [verb] : [];
    } catch (error) {
      // Some other authority decides, so the requests themselves will show it.
      if (isRefusal(error, 403, 404)) return [];
      throw error;
    }
  });
  return { ...right, verbs: (await Promise.all(answers)).flat() };
}

function inWords({ verbs, resource, setting }: Right): string {
  return `${verbs.join(" and ")} ${resource}${setting === undefined ? "" : ` (${setting})`}`;
}

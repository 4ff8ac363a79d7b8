import { RollgateError } from "#rollout/common/errors.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { type Cluster, isRefusal } from "./cluster.ts";
import type { Workload } from "./workload.ts";

/** Throws if probe requests are wanted and the account may not send any; every account may ask this about itself. */
export async function refuseForbiddenProbes(
  { authorization, ask }: Cluster,
  { namespace }: Pick<Workload, "namespace">,
  { probeTraffic }: Pick<RollPolicy, "probeTraffic">,
): Promise<void> {
  if (!probeTraffic) return;
  const resourceAttributes = { namespace, verb: "get", resource: "pods", subresource: "proxy" };
  const body = { spec: { resourceAttributes } };
  try {
    const { status } = await ask(authorization.createSelfSubjectAccessReview({ body }));
    if (status?.allowed !== false) return;
  } catch (error) {
    // Some other authority decides, so the requests themselves will show it.
    if (isRefusal(error, 403, 404)) return;
    throw error;
  }
  throw new RollgateError(
    "cluster-forbids",
    `probeTraffic: expected an account that may get pods/proxy in namespace ${namespace}, got one that may not`,
  );
}

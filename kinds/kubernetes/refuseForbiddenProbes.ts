import { RollgateError } from "#rollout/common/errors.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { type Cluster, isRefusal } from "./cluster.ts";
import type { Workload } from "./workload.ts";

/**
 * Throws if the account may not send what the roll wants to send to pods: probe requests, or questions to nginx in front.
 * Every account may ask this about itself.
 */
export async function refuseForbiddenProbes(
  cluster: Cluster,
  { namespace, front }: Pick<Workload, "namespace" | "front">,
  { probeTraffic }: Pick<RollPolicy, "probeTraffic">,
): Promise<void> {
  if (probeTraffic) await refuse(cluster, namespace, "get", "proxy", "probeTraffic");
  if (front) await refuse(cluster, namespace, "create", "portforward", "expose.nginx");
}

async function refuse(
  { authorization, ask }: Cluster,
  namespace: string,
  verb: string,
  subresource: string,
  setting: string,
): Promise<void> {
  const resourceAttributes = { namespace, verb, resource: "pods", subresource };
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
    `${setting}: expected an account that may ${verb} pods/${subresource} in namespace ${namespace}, got one that may not`,
  );
}

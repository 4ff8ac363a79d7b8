import { RollgateError } from "#rollout/common/errors.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { type Cluster, isRefusal } from "./cluster.ts";
import type { Workload } from "./workload.ts";

/**
 * Throws if the account may not do what the roll needs only with some settings: send probe requests, ask nginx in front,
 * or run a hook in a Job. Every account may ask this about itself.
 */
export async function refuseForbidden(
  cluster: Cluster,
  { namespace, front }: Pick<Workload, "namespace" | "front">,
  { probeTraffic, hooks = {} }: Pick<RollPolicy, "probeTraffic" | "hooks">,
): Promise<void> {
  const ofPods = (verb: string, subresource: string) => ({ verb, resource: "pods", subresource });
  if (probeTraffic) await refuse(cluster, namespace, ofPods("get", "proxy"), "probeTraffic");
  if (front) await refuse(cluster, namespace, ofPods("create", "portforward"), "expose.nginx");
  if (Object.values(hooks).some((each) => each.some(({ where }) => where === "first-host")))
    await refuse(cluster, namespace, { verb: "create", group: "batch", resource: "jobs" }, "hooks");
}

/** Something that an account may do, or not. */
interface Right {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
}

async function refuse(
  { authorization, ask }: Cluster,
  namespace: string,
  right: Right,
  setting: string,
): Promise<void> {
  const body = { spec: { resourceAttributes: { namespace, ...right } } };
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
    `${setting}: expected an account that may ${describe(right)} in namespace ${namespace}, got one that may not`,
  );
}

function describe({ verb, resource, subresource }: Right): string {
  return `${verb} ${[resource, subresource].filter(Boolean).join("/")}`;
}

import { RollgateError } from "#rollout/common/errors.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** A cloud may take minutes to give a Service an address, and a cluster without one never does. Nobody waits for it. */
export async function warnUnaddressed({
  cluster: { core, ask },
  workload: { namespace, service, front },
  warn,
}: Pick<KubernetesRollContext, "cluster" | "workload" | "warn">): Promise<void> {
  const name = front?.entrance ?? service;
  try {
    const { spec, status } = await ask(core.readNamespacedService({ name, namespace }));
    if (spec?.type !== "LoadBalancer" || (status?.loadBalancer?.ingress ?? []).length > 0) return;
    warn(
      `no load balancer has given Service ${name} an address yet, so nobody reaches it from outside; the next pulumi up or refresh looks again`,
    );
  } catch (error) {
    // Of an API that is away for a moment, others speak.
    if (!(error instanceof RollgateError)) throw error;
  }
}

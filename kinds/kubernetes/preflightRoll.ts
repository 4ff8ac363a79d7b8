import { refuseUnanswered } from "#rollout/analysis/refuseUnanswered.ts";
import { GateFailed, messageOf, RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { factsOf } from "#rollout/roll/factsOf.ts";
import { type DesiredRelease, targetOf } from "#rollout/roll/targets.ts";
import { FrontPods } from "./front/frontPods.ts";
import { refuseStale } from "./front/refuseStale.ts";
import { MaybeStored } from "./maybeStored.ts";
import { refuseForeignDeployment } from "./own.ts";
import { refuseForbidden } from "./refuseForbidden.ts";
import { rightsOf } from "./rights.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

/** Everything that can be found out without changing anything. */
export async function preflight(
  desired: DesiredRelease,
  { cluster, workload, policy }: Pick<KubernetesRollContext, "cluster" | "workload" | "policy">,
  signal: AbortSignal,
): Promise<void> {
  const { core, ask } = cluster;
  const { name, namespace, service, canary, front } = workload;
  const somewhere = { host: { name }, slot: { address: "127.0.0.1", port: 0 } };
  const facts = factsOf(somewhere, targetOf(desired, name).release);
  const findings = await Promise.allSettled([
    ask(core.readNamespacedService({ name: service, namespace })),
    refuseForeignDeployment(cluster, workload),
    canary && refuseForeignDeployment(cluster, canary),
    refuseForbidden(cluster, workload, rightsOf(policy, workload)),
    front && refuseStale(new FrontPods(cluster, workload, front.name), signal),
    refuseUnanswered(policy.analysisChecks ?? [], facts, signal),
  ]);
  const reasons = findings.filter((finding) => finding.status === "rejected").map(({ reason }) => reason);
  const bug = reasons.find((reason) => !(reason instanceof RollgateError));
  if (bug !== undefined) throw bug;
  if (reasons.length > 0) {
    throw new RollFailed(`${reasons.map(messageOf).join("; ")}. No pod was touched.`, [], {
      cause: reasons[0],
    });
  }
}

/** Rethrows a failure before the first change with the word that nothing was touched, if that is known. */
export function untouched(error: unknown): never {
  if (!(error instanceof RollgateError)) throw error;
  const evidence = error instanceof GateFailed ? error.evidence : [];
  const known = error instanceof MaybeStored ? "" : " No pod was touched.";
  throw new RollFailed(`${messageOf(error)}.${known}`, evidence, { cause: error });
}

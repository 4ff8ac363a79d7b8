import { counted } from "#rollout/common/counted.ts";
import type { Target } from "#rollout/roll/targets.ts";
import type { Look } from "./look.ts";
import { desiredDeployment, driftOf } from "./manifest.ts";
import { isCanary } from "./own.ts";
import type { Workload } from "./workload.ts";

/** What a roll would do with one Deployment; nothing if that can't be told yet. */
export interface Ahead {
  readonly how?: string;
  readonly forecast?: string;
}

/** How Kubernetes would bring a Deployment to a release. */
export function planOf(workload: Workload, { deployment, current }: Look, { release }: Target): Ahead {
  const wanted = desiredDeployment(workload, release).spec?.replicas ?? 1;
  const { replicas = 1, minReadySeconds = 0, strategy } = deployment?.spec ?? {};
  if (!deployment)
    return isCanary(workload) ? { forecast: `${workload.name} starts ${counted(wanted, "pod")}` } : {};
  const surge = strategy?.rollingUpdate?.maxSurge ?? 1;
  const soak = minReadySeconds > 0 ? `, ${minReadySeconds} s of soak each` : "";
  const how = `${counted(replicas, "pod")}, ${surge} more at a time`;
  if (current?.release === release && wanted !== replicas && driftOf(deployment).length === 0)
    return { how, forecast: `${workload.name} has ${counted(wanted, "pod")} instead of ${replicas}` };
  const before = current?.release ?? "the current release";
  return { how, forecast: `Kubernetes replaces ${counted(replicas, "pod")} of ${before}${soak}` };
}

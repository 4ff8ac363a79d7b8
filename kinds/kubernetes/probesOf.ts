import type { V1Container, V1Probe } from "@kubernetes/client-node";
import type { HealthPolicy } from "#rollout/request/rollRequest.ts";
import type { Probes } from "./kubernetesDescriptors.ts";

/** A restart helps against little, so kubelet is in no hurry to try one. */
const LIVENESS_PERIODS = 3;
const LIVENESS_SECONDS = 10;

/** What kubelet asks the application of a pod on its port for health, which is called `port`. */
export function probesOf(
  health: HealthPolicy,
  { readinessPath, livenessPath, ...check }: Probes,
  port: string,
): Pick<V1Container, "startupProbe" | "readinessProbe" | "livenessProbe"> {
  const asked = (path: string): V1Probe => ({ httpGet: { path, port, scheme: "HTTP" } });
  const period = secondsOf(health.intervalMilliseconds);
  return {
    startupProbe: {
      ...asked(health.path),
      periodSeconds: period,
      timeoutSeconds: secondsOf(health.timeoutMilliseconds),
      // Kubernetes accepts only one here.
      successThreshold: 1,
      failureThreshold: Math.ceil(health.deadlineSeconds / period),
    },
    readinessProbe: {
      ...asked(readinessPath),
      periodSeconds: secondsOf(check.intervalMilliseconds),
      timeoutSeconds: secondsOf(check.timeoutMilliseconds),
      successThreshold: check.rise,
      failureThreshold: check.fall,
    },
    livenessProbe: {
      // The health of an application that misses its database would have all pods restarted.
      ...(livenessPath === undefined ? { tcpSocket: { port: "http" } } : asked(livenessPath)),
      periodSeconds: Math.max(LIVENESS_SECONDS, secondsOf(check.intervalMilliseconds)),
      timeoutSeconds: Math.max(LIVENESS_SECONDS, secondsOf(check.timeoutMilliseconds)),
      successThreshold: 1,
      failureThreshold: Math.max(LIVENESS_PERIODS, check.fall),
    },
  };
}

/** kubelet counts in whole seconds. */
function secondsOf(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

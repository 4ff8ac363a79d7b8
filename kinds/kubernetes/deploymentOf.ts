import type { V1Deployment, V1PodSpec } from "@kubernetes/client-node";
import { containerOf } from "./containerOf.ts";
import { CANARY_LABEL, labelsOf, selectorOf } from "./labels.ts";
import { spreadOut } from "./spreadOut.ts";
import type { Started } from "./started.ts";

/** The whole Deployment for a release; `environmentSecret` is the name of the Secret with its environment. */
export function deploymentOf(started: Started, release: string, environmentSecret: string): V1Deployment {
  const { name, namespace, pods, canaryOf } = started.place;
  const own = canaryOf === undefined ? {} : CANARY_LABEL;
  const labels = { ...labelsOf(canaryOf ?? name), ...own };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas: pods.replicas,
      // Never with anything of a release, or else the next one would be another Deployment.
      selector: { matchLabels: { ...selectorOf(canaryOf ?? name), ...own } },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: pods.surge, maxUnavailable: pods.unavailable },
      },
      minReadySeconds: pods.soakSeconds,
      progressDeadlineSeconds: pods.progressSeconds,
      revisionHistoryLimit: pods.keepReleases,
      template: {
        metadata: { labels },
        spec: podOf(started, release, environmentSecret),
      },
    },
  };
}

function podOf(started: Started, release: string, environmentSecret: string): V1PodSpec {
  const { name, pods, pullSecret, canaryOf = name } = started.place;
  const [user, group] = (started.launch.container?.user ?? "").split(":").map(Number);
  return {
    containers: [containerOf(started, release, environmentSecret)],
    volumes: [{ name: "tmp", emptyDir: {} }],
    // The pause comes first, and SIGKILL ends both.
    terminationGracePeriodSeconds: pods.settleSeconds + pods.graceSeconds,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      ...(user !== undefined && user > 0 && { runAsUser: user }),
      ...(group !== undefined && { runAsGroup: group, fsGroup: group }),
      seccompProfile: { type: "RuntimeDefault" },
    },
    topologySpreadConstraints: spreadOut(canaryOf),
    ...(pullSecret !== undefined && { imagePullSecrets: [{ name: pullSecret }] }),
  };
}

import type { V1Deployment, V1Job } from "@kubernetes/client-node";
import { type Command, FAREWELL_SECONDS } from "#rollout/hooks/command.ts";
import { ownLabels } from "./names.ts";

/** How Kubernetes says that a pod ran longer than it may. */
export const OVERDUE = "DeadlineExceeded";
/** A pod has to be put on a node, and its end to be noticed. */
export const SPARE_SECONDS = 60;
/** How long the Job of a dead deployer stays to be looked at. */
const KEPT_SECONDS = 3600;

/** A Job that runs a command once, with what the application of a Deployment has. No Service sends its pod requests. */
export function jobOf(
  name: string,
  owner: string,
  deployment: V1Deployment | undefined,
  { words, variables, deadlineSeconds }: Command,
): V1Job {
  const pod = deployment?.spec?.template.spec;
  const [application, ...others] = pod?.containers ?? [];
  if (!pod || !application) throw new TypeError("a Deployment has a container");
  // Nothing asks it anything, and it has no part in serving.
  const { startupProbe: _, readinessProbe: __, livenessProbe: ___, lifecycle: ____, ...like } = application;
  const { ports: _____, args: ______, env = [], ...alike } = like;
  const own = Object.entries({ ...variables, ...archiveIn(application) });
  const container = {
    ...alike,
    command: [...words],
    env: [
      ...env.filter((each) => !own.some(([variable]) => variable === each.name)),
      ...own.map(([variable, value]) => ({ name: variable, value })),
    ],
  };
  const { topologySpreadConstraints: _______, ...rest } = pod;
  const labels = ownLabels(owner);
  return {
    metadata: { name, labels },
    spec: {
      // It runs once.
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds + SPARE_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          ...rest,
          containers: [container, ...others],
          restartPolicy: "Never",
          activeDeadlineSeconds: deadlineSeconds,
          terminationGracePeriodSeconds: FAREWELL_SECONDS,
        },
      },
    },
  };
}

/** Where the application and its Java are in an image that rollgate built. */
function archiveIn({ command: [java] = [], args = [] }: { command?: string[]; args?: string[] }) {
  const archive = args[args.indexOf("-jar") + 1];
  if (java === undefined || !args.includes("-jar") || archive === undefined) return {};
  return { ROLLGATE_JAVA: java, ROLLGATE_JAR: archive };
}

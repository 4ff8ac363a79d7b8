import type { Probes } from "../kubernetesDescriptors.ts";

/** A check must end before the next one starts, or nginx's module aborts it. */
const BETWEEN_CHECKS_MILLISECONDS = 100;
/** How often nginx asks the API which pods there are. */
export const FOLLOW_MILLISECONDS = 1000;

/** How often nginx checks each pod. */
export function checkPeriodMilliseconds({
  intervalMilliseconds,
  timeoutMilliseconds,
}: Pick<Probes, "intervalMilliseconds" | "timeoutMilliseconds">): number {
  return Math.max(intervalMilliseconds, timeoutMilliseconds + BETWEEN_CHECKS_MILLISECONDS);
}

/**
 * How long a pod takes at most from being ready to being up for every nginx: until the list is asked for again, and the
 * passed checks. Kubernetes gives up no pod of the old release before that.
 */
export function admitSeconds(check: Omit<Probes, "readinessPath" | "livenessPath" | "fall">): number {
  return Math.ceil((FOLLOW_MILLISECONDS + checkPeriodMilliseconds(check) * (check.rise + 1)) / 1000);
}

import { counted } from "#rollout/common/counted.ts";
import type { Look } from "./look.ts";

/** `serves 1.0.0-… with 3 pods`, or what else is the case. */
export function describeLook({ deployment, pods }: Look): string {
  if (!deployment) return "is not there";
  const serving = pods.filter(({ serves, isEnding }) => serves && !isEnding);
  if (serving.length === 0) return "serves nobody";
  const releases = [...new Set(serving.map(({ release }) => release ?? "an unknown release"))];
  const each = releases.map((release) => {
    const many = serving.filter((pod) => (pod.release ?? "an unknown release") === release).length;
    return `${release} with ${counted(many, "pod")}`;
  });
  return `serves ${each.join(" and ")}`;
}

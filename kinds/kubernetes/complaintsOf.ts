import type { Look } from "./look.ts";

/** What Kubernetes says against a Deployment, such as that a quota allows no further pod. */
export function complaintsOf(look: Look | undefined): string[] {
  const conditions = look?.deployment?.status?.conditions ?? [];
  const failures = conditions
    .filter(({ type, status }) => type === "ReplicaFailure" && status === "True")
    .flatMap(({ message }) => message ?? []);
  return look && !look.current ? ["Kubernetes has not acted on the change yet", ...failures] : failures;
}

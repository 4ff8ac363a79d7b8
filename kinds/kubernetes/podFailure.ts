import type { V1ContainerStateTerminated } from "@kubernetes/client-node";
import { GateFailed } from "#rollout/common/errors.ts";
import type { Phase } from "#rollout/roll/reporter.ts";
import type { PodView } from "./look.ts";

/** Kubernetes tries again and again, but these don't go away by themselves. */
const HOPELESS = [
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "ErrImageNeverPull",
  "ImagePullBackOff",
  "InvalidImageName",
  "RunContainerError",
];

/** A pod did not pass a gate. */
export class PodFailed extends GateFailed {
  readonly phase: Phase;
  readonly pod: PodView;

  constructor(code: string, phase: Phase, message: string, pod: PodView, evidence: readonly string[] = []) {
    super(code, message, evidence);
    this.phase = phase;
    this.pod = pod;
  }

  with(evidence: readonly string[]): PodFailed {
    return new PodFailed(this.code, this.phase, this.message, this.pod, evidence);
  }
}

/** Why a pod can't become ready any more, or has not stayed so; `restarts` are those that are forgiven. */
export function failureOf(pod: PodView, phase: Phase, restarts: number): PodFailed | undefined {
  const { state, lastState } = pod;
  const ended = state?.terminated ?? (pod.restarts > restarts ? lastState?.terminated : undefined);
  if (ended) return new PodFailed("exited", phase, `${pod.name} ended by itself${howItEnded(ended)}`, pod);
  if (pod.restarts > restarts) return new PodFailed("exited", phase, `${pod.name} was restarted`, pod);
  const { reason, message = "" } = state?.waiting ?? {};
  if (reason === undefined || !HOPELESS.includes(reason)) return undefined;
  const detail = message === "" ? reason : `${reason}, ${message}`;
  return new PodFailed("pod-not-started", "start", `${pod.name} can't start: ${detail}`, pod);
}

function howItEnded({ exitCode, reason }: V1ContainerStateTerminated): string {
  const known = reason === undefined || reason === "Error" || reason === "Completed" ? "" : ` (${reason})`;
  return `, exit code ${exitCode}${known}`;
}

import type { Phase } from "#rollout/roll/reporter.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { Cluster } from "./cluster.ts";
import type { Workload } from "./workload.ts";

/** Passed to every step of a roll on Kubernetes. */
export interface KubernetesRollContext {
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly policy: RollPolicy;
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
  /** Throws unless this roller still holds the lease; called before each step that changes anything. */
  readonly assertHeld: () => Promise<void>;
  /** Without a pod, it concerns the Deployment. */
  report(phase: Phase, message: string, pod?: string, milliseconds?: number): void;
  redact(text: string): string;
}

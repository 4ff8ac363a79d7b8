import type { RollHooks } from "#rollout/hooks/rollHooks.ts";
import type { Phase } from "#rollout/roll/reporter.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { Cluster } from "./cluster.ts";
import type { Workload } from "./workload.ts";

/** Passed to every step of a roll on Kubernetes. */
export interface KubernetesRollContext {
  readonly cluster: Cluster;
  readonly workload: Workload;
  /** What else is behind the same Service: its canary, or what it is the canary of. */
  readonly beside: Workload;
  readonly policy: RollPolicy;
  /** The names of the workloads whose turn is over. */
  readonly rolled: Set<string>;
  /** Whether the account may watch, as far as is known. */
  readonly watches: { isAllowed: boolean };
  /** Asks the roll to stop at the next safe point. */
  readonly signal: AbortSignal;
  /** Throws unless this roller still holds the lease; called before each step that changes anything. */
  readonly assertHeld: () => Promise<void>;
  /** About a pod, a workload, or else all of them. */
  report(phase: Phase, message: string, about?: { readonly name: string }, milliseconds?: number): void;
  /** Records a warning to repeat at the end of the roll. */
  warn(message: string): void;
  redact(text: string): string;
  readonly hooks: RollHooks;
}

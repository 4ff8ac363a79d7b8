import { counted } from "#rollout/common/counted.ts";
import { GateFailed, messageOf, RollFailed, RollgateError } from "#rollout/common/errors.ts";
import { LeaseLost } from "#rollout/lease/lease.ts";
import { describeProbes } from "#rollout/ledger/describeLedger.ts";
import { figuresOf } from "#rollout/ledger/figures.ts";
import { describeLook } from "./describeLook.ts";
import { goBack, halt } from "./goBack.ts";
import { lookAt, type Revision } from "./look.ts";
import { PodFailed } from "./podFailure.ts";
import type { PodProbes } from "./podProbes.ts";
import type { KubernetesRollContext } from "./rollContext.ts";

interface Failure {
  readonly error: unknown;
  readonly release: string;
  /** The last known good revision; absent if there is none. */
  readonly wayBack: Revision | undefined;
  readonly probes: PodProbes | undefined;
}

/** Goes back to the last known good revision if the policy says so; says what failed, what was done, and what runs now. */
export async function describeFailure(
  { error, release, wayBack, probes }: Failure,
  context: KubernetesRollContext,
): Promise<unknown> {
  const { workload, policy, signal } = context;
  const failure = signal.aborted && !(error instanceof PodFailed) ? stopReason(context) : error;
  if (!(failure instanceof RollgateError)) return failure;
  const isStopped = failure !== error;
  const parts = [
    failure instanceof PodFailed
      ? `${workload.name} failed its ${failure.phase} gate on ${release}: ${failure.message}`
      : `${workload.name} did not get ${release}: ${failure.message}`,
  ];
  const evidence = failure instanceof GateFailed ? [...failure.evidence] : [];
  if (signal.reason instanceof LeaseLost) {
    parts.push("nothing further was changed");
  } else if (isStopped || policy.onFailure === "halt") {
    parts.push(await done(halt(context), "no further pod is replaced until the next roll", evidence));
  } else if (wayBack) {
    parts.push(
      await done(goBack(wayBack, context), `${workload.name} went back to ${wayBack.release}`, evidence),
    );
  } else {
    parts.push(await done(halt(context), "there is no earlier release to go back to", evidence));
  }
  const look = await lookAt(context.cluster, workload).catch(() => undefined);
  const now = look ? describeLook(look) : "unknown";
  const { probes: figures } = figuresOf([], 0, probes?.probes());
  const during = figures ? ` During the roll: ${describeProbes(figures)}.` : "";
  return new RollFailed(`${parts.join("; ")}. Now: ${workload.name} ${now}.${during}`, evidence, {
    cause: failure,
  });
}

async function done(work: Promise<void>, what: string, evidence: string[]): Promise<string> {
  try {
    await work;
    return what;
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    if (error instanceof GateFailed) evidence.push("Going back failed too:", ...error.evidence);
    return `but not this: ${what} (${messageOf(error)})`;
  }
}

function stopReason({ signal: { reason }, policy }: KubernetesRollContext): RollgateError {
  const why =
    reason instanceof RollgateError
      ? reason.message
      : `it took longer than ${counted(policy.timing.rollDeadlineSeconds, "second")}`;
  return new RollgateError("stopped", `the roll was stopped: ${why}`, { cause: reason });
}

import { refuseUnanswered } from "../analysis/refuseUnanswered.ts";
import { counted } from "../common/counted.ts";
import { messageOf, RollFailed, RollgateError } from "../common/errors.ts";
import { fewAtOnce } from "../common/fewAtOnce.ts";
import type { AppHost } from "../host/appHost.ts";
import { factsOf } from "./factsOf.ts";
import { listHosts } from "./listHosts.ts";
import type { RollContext } from "./rollContext.ts";
import type { StagedAhead } from "./stagedAhead.ts";
import { stopReason } from "./stopReason.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

/** Checks that all hosts and the proxy can take part; throws `RollFailed` with everything that is in the way. */
export async function preflight(
  desired: DesiredRelease,
  {
    hosts,
    proxy,
    policy,
    signal,
    report,
  }: Pick<RollContext, "hosts" | "proxy" | "policy" | "signal" | "report">,
): Promise<void> {
  const { analysisChecks = [] } = policy;
  refuse(
    await Promise.allSettled([
      proxy.preflight(hosts, signal),
      ...fewAtOnce(hosts, (host) => host.preflight(signal), signal),
      ...hosts.slice(0, 1).map((host) => {
        const { release } = targetOf(desired, host.name);
        return refuseUnanswered(analysisChecks, factsOf({ host, slot: host }, release), signal);
      }),
    ]),
    { signal, policy },
  );
  report("preflight", `${counted(hosts.length, "host")} and ${proxy.name} are ready`);
}

/** Puts the release on every host, which changes nothing for clients. `staged` may know where it is already. */
export async function stageEverywhere(
  desired: DesiredRelease,
  { hosts, policy, signal, report }: Pick<RollContext, "hosts" | "policy" | "signal" | "report">,
  staged?: StagedAhead,
): Promise<void> {
  const stage = async (host: AppHost) => {
    const { release, jar } = targetOf(desired, host.name);
    await host.stage(release, jar, signal, staged?.holds(host));
  };
  refuse(await Promise.allSettled(fewAtOnce(hosts, stage, signal)), { signal, policy });
  const { release, canary } = desired;
  const others = canary ? `every other host, ${canary.release} on ${listHosts(canary.hosts)}` : "every host";
  report("stage", `${release} is on ${others}, hash verified`);
}

/** Reports all problems at once rather than one per run; what stopped the roll is one for all hosts. */
function refuse(
  findings: readonly PromiseSettledResult<unknown>[],
  context: Pick<RollContext, "signal" | "policy">,
): void {
  const reasons = findings
    .filter((finding) => finding.status === "rejected")
    .map(({ reason }) =>
      context.signal.aborted && reason === context.signal.reason ? stopReason(context) : reason,
    );
  if (reasons.length === 0) return;
  const bug = reasons.find((reason) => !(reason instanceof RollgateError));
  if (bug !== undefined) throw bug;
  const told = [...new Set(reasons.map(messageOf))].join("; ");
  throw new RollFailed(`${told}. No host was touched.`, [], {
    cause: reasons.length > 1 ? new AggregateError(reasons) : reasons[0],
  });
}

/** Rethrows a failure before the first host with the word that nothing was touched. */
export function untouched(error: unknown): never {
  if (!(error instanceof RollgateError)) throw error;
  throw new RollFailed(`${messageOf(error)}. No host was touched.`, [], { cause: error });
}

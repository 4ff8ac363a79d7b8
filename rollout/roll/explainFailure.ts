import { GateFailed, messageOf, RollFailed, RollgateError } from "../common/errors.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { describeMember, observe } from "./fleet.ts";
import { HostRollFailed, type PhaseTimes } from "./hostRoll.ts";
import { rollBack } from "./rollBack.ts";
import type { RollContext } from "./rollContext.ts";

/** A host that this roll has brought to the release, and where it would go back to. */
export interface Rolled {
  readonly host: AppHost;
  readonly before: Revision | undefined;
  readonly times: PhaseTimes;
}

/** What failed, what was done about it, and what state every host is in; a bug of ours passes as it is. */
export async function explainFailure(
  error: unknown,
  failed: AppHost | undefined,
  rolled: readonly Rolled[],
  context: RollContext,
): Promise<unknown> {
  const stop = context.signal.aborted ? stopReason(context) : undefined;
  const reason = stop && !(error instanceof HostRollFailed) ? stop : error;
  if (!(reason instanceof RollgateError)) return reason;
  const replaced = rolled.flatMap(({ host, before }) => (before ? [{ host, before }] : []));
  const mayRollBack = context.policy.onFailure === "rollback" && !stop;
  const rolledBack = mayRollBack ? await rollBack(replaced, context) : "";
  const named = reason instanceof HostRollFailed || reason.code === "too-few-healthy";
  const others = context.hosts.filter(
    (host) => !(named && host === failed) && !rolled.some((done) => done.host === host),
  );

  const parts = [
    messageOf(reason),
    stop && stop !== reason && messageOf(stop),
    rolledBack,
    !mayRollBack &&
      replaced.length > 0 &&
      `${list(replaced.map(({ host }) => host))} stayed as the roll left ${replaced.length > 1 ? "them" : "it"}`,
    others.length > 0 && `${list(others)} ${others.length > 1 ? "were" : "was"} not touched`,
  ].filter(Boolean);
  const evidence = reason instanceof GateFailed ? reason.evidence : [];
  const state = `Now: ${(await describeAll(context)).join("; ")}.`;
  return new RollFailed(`${parts.join("; ")}. ${state}`, evidence, { cause: reason });
}

function stopReason({ signal: { reason }, policy }: RollContext): RollgateError {
  const why =
    reason instanceof RollgateError
      ? reason.message
      : `it took longer than ${policy.timing.rollDeadlineSeconds} s`;
  return new RollgateError("stopped", `the roll was stopped: ${why}`, { cause: reason });
}

async function describeAll({ hosts, proxy }: RollContext): Promise<string[]> {
  return Promise.all(
    hosts.map(async (host) => {
      try {
        const member = await observe(host, proxy, AbortSignal.timeout(10_000));
        return `${host.name} ${describeMember(member)}`;
      } catch (error) {
        return `${host.name} unknown (${messageOf(error)})`;
      }
    }),
  );
}

function list(hosts: readonly AppHost[]): string {
  return new Intl.ListFormat("en").format(hosts.map(({ name }) => name));
}

import { GateFailed, messageOf, RollFailed, type RollgateError } from "../common/errors.ts";
import { groupBy } from "../common/groupBy.ts";
import { HostsUnreachable } from "./decideStep.ts";
import { describeMember } from "./describeMember.ts";
import { isLarge } from "./largeFleet.ts";
import { listHosts } from "./listHosts.ts";
import { observe } from "./observe.ts";
import { TooFewPeers } from "./peers.ts";
import type { Replaced, WayBack } from "./rollBack.ts";
import type { RollContext } from "./rollContext.ts";
import { hostsNamedBy } from "./rollHosts.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

/** What a roll had done when it failed. */
export interface Outcome {
  readonly error: RollgateError;
  /** Who asked it to stop, if anyone. */
  readonly stop: RollgateError | undefined;
  readonly desired: DesiredRelease;
  /** The names of the hosts that run the release. */
  readonly rolled: readonly string[];
  readonly replaced: readonly Replaced[];
  /** Absent if no host was to go back. */
  readonly wayBack: WayBack | undefined;
  /** What nginx counted, in a line; absent if nothing. */
  readonly counted: string | undefined;
}

/** Describes what failed, what was done about it, and what every host runs now. */
export async function describeFailure(outcome: Outcome, context: RollContext): Promise<RollFailed> {
  const { error, stop, wayBack } = outcome;
  const spokenOf = [...hostsNamedBy(error), ...outcome.rolled];
  const untouched = context.hosts.map(({ name }) => name).filter((name) => !spokenOf.includes(name));
  const parts = [
    messageOf(error),
    stop && stop !== error && messageOf(stop),
    ...(wayBack ? describeWayBack(wayBack, outcome.desired) : [describeKept(outcome)]),
    untouched.length > 0 && `${listHosts(untouched)} ${wereOrWas(untouched)} not touched`,
  ].filter(Boolean);
  const evidence = [error, wayBack?.stoppedBy].flatMap((failure) =>
    failure instanceof GateFailed ? failure.evidence : [],
  );
  const counted = outcome.counted === undefined ? "" : ` During the roll: ${outcome.counted}.`;
  const state = `Now: ${(await describeAll(context)).join("; ")}.`;
  return new RollFailed(`${parts.join("; ")}. ${state}${counted}`, evidence, { cause: error });
}

function describeKept({ error, desired, replaced }: Outcome): string | undefined {
  if (replaced.length === 0) return undefined;
  const hosts = replaced.map(({ host }) => host.name);
  const kept = listHosts(hosts);
  if (error instanceof HostsUnreachable)
    return `${kept} ${hosts.length > 1 ? "keep" : "keeps"} ${releasesOf(hosts, desired)}`;
  return `${kept} stayed as the roll left ${hosts.length > 1 ? "them" : "it"}`;
}

function describeWayBack({ returned, kept, stoppedBy }: WayBack, desired: DesiredRelease) {
  const byRelease = groupBy(returned, ({ before }) => before.release);
  const back = isLarge(returned.length)
    ? [...byRelease].map(([release, each]) => `${namesOf(each)} went back to ${release}`)
    : returned.map(({ host, before }) => `${host.name} went back to ${before.release}`);
  if (!stoppedBy) return back;
  const unmoved = kept.map(({ host }) => host.name).filter((name) => !hostsNamedBy(stoppedBy).includes(name));
  const keep = (hosts: readonly string[]) =>
    hosts.length > 0 &&
    `${listHosts(hosts)} ${hosts.length > 1 ? "keep" : "keeps"} ${releasesOf(hosts, desired)}`;
  if (stoppedBy instanceof TooFewPeers) {
    const why = `going back would leave fewer than ${stoppedBy.minimumHealthy} of the others serving`;
    return [...back, `${keep(kept.map(({ host }) => host.name))}: ${why}`];
  }
  return [...back, `rolling back stopped: ${messageOf(stoppedBy)}`, keep(unmoved)];
}

function releasesOf(hosts: readonly string[], desired: DesiredRelease): string {
  return [...new Set(hosts.map((host) => targetOf(desired, host).release))].join(" and ");
}

async function describeAll({ hosts, proxy }: RollContext): Promise<string[]> {
  const all = await Promise.all(
    hosts.map(async (host) => {
      try {
        const member = await observe(host, proxy, AbortSignal.timeout(10_000));
        return { name: host.name, what: describeMember(member) };
      } catch (error) {
        return { name: host.name, what: `unknown (${messageOf(error)})` };
      }
    }),
  );
  if (!isLarge(hosts.length)) return all.map(({ name, what }) => `${name} ${what}`);
  const alike = groupBy(all, ({ what }) => what);
  return [...alike].map(([what, each]) => `${listHosts(each.map(({ name }) => name))} ${what}`);
}

function namesOf(replaced: readonly Replaced[]): string {
  return listHosts(replaced.map(({ host }) => host.name));
}

function wereOrWas(hosts: readonly string[]): string {
  return hosts.length > 1 ? "were" : "was";
}

import type { AppHost } from "./appHost.ts";
import { messageOf, RollFailed, RollgateError } from "./errors.ts";
import { describeMember, type FleetMember, inRollingOrder, isDone, observe } from "./fleet.ts";
import { HostRoll, HostRollFailed, type PhaseTimes } from "./hostRoll.ts";
import type { Jar } from "./jar.ts";
import { poll } from "./poll.ts";
import { releaseId } from "./release.ts";
import type { Reporter } from "./reporter.ts";
import type { ReverseProxy } from "./reverseProxy.ts";
import { createContext, type RollContext, type RollPolicy } from "./rollContext.ts";
import { secondsSince } from "./secondsSince.ts";

/** What a finished roll did. */
export interface RollResult {
  readonly release: string;
  /** The hosts that were touched, in the order of the roll, with the time of each phase in milliseconds. */
  readonly rolled: readonly { readonly host: string; readonly times: PhaseTimes }[];
  readonly durationSeconds: number;
}

/**
 * Brings every host to the release of `jar`, one after the other, and touches only those that are not
 * there yet. Resume, retry and a first deployment are the same loop. Throws `RollFailed` with the state
 * of every host; whatever fails before the first host is drained has changed nothing but staged files.
 */
export async function roll(
  fleet: { readonly hosts: readonly AppHost[]; readonly proxy: ReverseProxy },
  jar: Jar,
  policy: RollPolicy,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal: AbortSignal },
): Promise<RollResult> {
  const began = performance.now();
  const release = releaseId(jar);
  const context = createContext({ ...fleet, policy, signal }, reporter);
  await preflight(context);
  await stageEverywhere(release, jar, context);
  const rolled: { host: string; times: PhaseTimes }[] = [];
  for (const { host } of inRollingOrder(await observeAll(context))) {
    signal.throwIfAborted();
    const member = await observe(host, context.proxy, signal);
    if (isDone(member, release)) {
      context.report("done", `already serves ${release}`, host);
      continue;
    }
    try {
      await requireEnoughPeers(member, context);
      rolled.push({ host: host.name, times: await new HostRoll(member, release, context).run() });
    } catch (error) {
      throw await explain(error, host, rolled, release, context);
    }
  }
  return { release, rolled, durationSeconds: secondsSince(began) };
}

async function preflight({ hosts, proxy, signal, report }: RollContext): Promise<void> {
  const findings = await Promise.allSettled([
    proxy.preflight(hosts, signal),
    ...hosts.map((host) => host.preflight(signal)),
  ]);
  refuse(findings);
  report("preflight", `${hosts.length} hosts and nginx at ${proxy.url} are ready`);
}

async function stageEverywhere(
  release: string,
  jar: Jar,
  { hosts, signal, report }: RollContext,
): Promise<void> {
  refuse(await Promise.allSettled(hosts.map((host) => host.stage(release, jar, signal))));
  report("stage", `${release} is on every host, hash verified`);
}

/** Names everything that stands in the way at once, not one finding a run. */
function refuse(findings: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = findings.filter((finding) => finding.status === "rejected").map(({ reason }) => reason);
  if (reasons.length === 0) return;
  const bug = reasons.find((reason) => !(reason instanceof RollgateError));
  if (bug !== undefined) throw bug;
  throw new RollFailed(`${reasons.map(messageOf).join("; ")}. No host was touched.`, [], {
    cause: reasons[0],
  });
}

async function observeAll({ hosts, proxy, signal }: RollContext): Promise<FleetMember[]> {
  return Promise.all(hosts.map((host) => observe(host, proxy, signal)));
}

/** A host that does not serve costs nothing to touch; any other waits until enough of its peers serve. */
async function requireEnoughPeers(member: FleetMember, context: RollContext): Promise<void> {
  const { minimumHealthy, health } = context.policy;
  if (!member.serving || minimumHealthy === 0) return;
  const peers = context.hosts.filter((host) => host !== member.host);
  let states: FleetMember[] = [];
  const enough = await poll(
    async () => {
      states = await Promise.all(peers.map((peer) => observe(peer, context.proxy, context.signal)));
      return states.filter(({ serving }) => serving).length >= minimumHealthy || undefined;
    },
    {
      intervalMilliseconds: health.intervalMilliseconds,
      deadlineMilliseconds: health.deadlineSeconds * 1000,
      signal: context.signal,
    },
  );
  if (enough) return;
  const failing = states.filter(({ serving }) => !serving);
  throw new RollgateError(
    "too-few-healthy",
    `${member.host.name} was not taken out: at least ${minimumHealthy} of the others must serve, but ${failing
      .map((peer) => `${peer.host.name} does not (${describeMember(peer)}: ${peer.health.detail})`)
      .join(", ")}`,
  );
}

/** The failure and what state every other host is in; a bug of ours and an abort pass as they are. */
async function explain(
  error: unknown,
  failed: AppHost,
  rolled: readonly { readonly host: string }[],
  release: string,
  { hosts, signal }: RollContext,
): Promise<unknown> {
  if (signal.aborted || !(error instanceof RollgateError)) return error;
  const done = rolled.map(({ host }) => host);
  const untouched = hosts
    .map(({ name }) => name)
    .filter((name) => name !== failed.name && !done.includes(name));
  const message = [
    messageOf(error),
    done.length > 0 && `${list(done)} already ${done.length > 1 ? "run" : "runs"} ${release}`,
    untouched.length > 0 && `${list(untouched)} ${untouched.length > 1 ? "were" : "was"} not touched`,
  ].filter((part) => part !== false);
  return new RollFailed(`${message.join("; ")}.`, error instanceof HostRollFailed ? error.evidence : [], {
    cause: error,
  });
}

function list(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(names);
}

import { messageOf, RollFailed, RollgateError } from "../common/errors.ts";
import { secondsSince } from "../common/secondsSince.ts";
import type { AppHost } from "../host/appHost.ts";
import { Lease, type LeaseStore, type LeaseTiming } from "../lease/lease.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { Jar } from "../release/jar.ts";
import { requireEnoughPeers } from "./enoughPeers.ts";
import { explainFailure, type Rolled } from "./explainFailure.ts";
import { inRollingOrder, isDone, isSameRevision, observeSteadily } from "./fleet.ts";
import { HostRoll, type PhaseTimes } from "./hostRoll.ts";
import type { Reporter } from "./reporter.ts";
import { type RollContext, type RollPolicy, reportTo } from "./rollContext.ts";

/** The hosts, the proxy in front of them, and where the right to change them is kept. */
export interface Fleet {
  readonly hosts: readonly AppHost[];
  readonly proxy: ReverseProxy;
  readonly leases: LeaseStore;
  /** Where commands are repeated after a connection broke: what they ask first. */
  fence?(assertHeld: () => Promise<void>): void;
}

/** What to roll to: a jar, or by its name alone a release that all hosts keep. */
export interface DesiredRelease {
  readonly release: string;
  readonly jar?: Jar | undefined;
}

/** Who rolls, who listens, and who may end it. */
export interface RollOptions {
  /** Named to others who want to roll meanwhile. */
  readonly owner: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly leaseTiming: LeaseTiming;
}

/** What a finished roll did. */
export interface RollResult {
  readonly release: string;
  /** The hosts that were touched, in the order of the roll, with the time of each phase in milliseconds. */
  readonly rolled: readonly { readonly host: string; readonly times: PhaseTimes }[];
  readonly durationSeconds: number;
}

/**
 * Brings every host to a release, one after the other, and touches only those that are not there yet. Resume,
 * retry and a first deployment are the same loop. Throws `RollFailed` with the state of every host; whatever
 * fails before the first host is drained has changed nothing but staged files.
 */
export async function roll(
  fleet: Fleet,
  goal: DesiredRelease,
  policy: RollPolicy,
  options: RollOptions,
): Promise<RollResult> {
  const began = performance.now();
  const report = reportTo(options.reporter);
  const deadline = AbortSignal.timeout(policy.timing.rollDeadlineSeconds * 1000);
  await preflight({ ...fleet, report, signal: options.signal });
  const lease = await Lease.acquire(fleet.leases, options.owner, options.leaseTiming, {
    signal: options.signal,
    onWait: ({ owner, since }) => report("preflight", `${owner} holds the fleet since ${since}: waiting`),
  }).catch(untouched);
  fleet.fence?.(() => lease.assertHeld());
  try {
    const context: RollContext = {
      ...fleet,
      policy,
      report,
      signal: AbortSignal.any([options.signal, lease.signal, deadline]),
      assertHeld: () => lease.assertHeld(),
    };
    await stageEverywhere(goal, context);
    const rolled = await rollHosts(goal.release, context);
    return { release: goal.release, rolled, durationSeconds: secondsSince(began) };
  } finally {
    // A lease that cannot be given back expires by itself; what happened before matters more.
    await lease.release().catch(() => {});
  }
}

async function rollHosts(release: string, context: RollContext): Promise<RollResult["rolled"]> {
  const rolled: Rolled[] = [];
  for (const host of await rollingOrder(context)) {
    const target = { release, launch: host.launch };
    try {
      context.signal.throwIfAborted();
      const member = await observeSteadily(host, context);
      const isDoneAlready = isDone(member, target);
      // Otherwise a deployer died before the last gate, and the host would go back to what was good before.
      if (isDoneAlready && isSameRevision(member.state.good, target)) {
        context.report("done", `already serves ${release}`, host);
        continue;
      }
      if (!isDoneAlready) await requireEnoughPeers(member, context);
      const hostRoll = new HostRoll(member, target, context);
      rolled.push({ host, times: await hostRoll.run(), before: hostRoll.earlier });
    } catch (error) {
      throw await explainFailure(error, host, rolled, context);
    }
  }
  await prune(rolled, context);
  return rolled.map(({ host, times }) => ({ host: host.name, times }));
}

async function rollingOrder(context: RollContext): Promise<AppHost[]> {
  try {
    const fleet = await Promise.all(context.hosts.map((host) => observeSteadily(host, context)));
    return inRollingOrder(fleet).map(({ host }) => host);
  } catch (error) {
    throw await explainFailure(error, undefined, [], context);
  }
}

/** Only once nobody may have to go back any more; what each host had is spared all the same. */
async function prune(rolled: readonly Rolled[], { hosts, policy, assertHeld }: RollContext): Promise<void> {
  await assertHeld();
  for (const host of hosts) {
    const before = rolled.find((done) => done.host === host)?.before;
    await host.prune(policy.keepReleases, before ? [before] : []);
  }
}

async function preflight({
  hosts,
  proxy,
  signal,
  report,
}: Omit<Fleet, "leases"> & Pick<RollContext, "signal" | "report">) {
  refuse(
    await Promise.allSettled([
      proxy.preflight(hosts, signal),
      ...hosts.map((host) => host.preflight(signal)),
    ]),
  );
  report(
    "preflight",
    `${hosts.length} ${hosts.length === 1 ? "host" : "hosts"} and nginx at ${proxy.url} are ready`,
  );
}

async function stageEverywhere(
  { release, jar }: DesiredRelease,
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

function untouched(error: unknown): never {
  if (!(error instanceof RollgateError)) throw error;
  throw new RollFailed(`${messageOf(error)}. No host was touched.`, [], { cause: error });
}

import { type Change, differing, type News, type Olds, type Values } from "#kinds/change.ts";
import { type KindRequest, kindNamed, kindRequest } from "#kinds/kinds.ts";
import { InvalidInput, messageOf, RollFailed } from "#rollout/common/errors.ts";
import { printable } from "#rollout/common/plainLine.ts";
import { redactor } from "#rollout/common/redact.ts";
import { secondsSince } from "#rollout/common/secondsSince.ts";
import { within } from "#rollout/common/within.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import { launchFingerprint } from "#rollout/host/launchSpec.ts";
import type { ReverseProxy } from "#rollout/nginx/reverseProxy.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { findKeptRelease } from "#rollout/release/keptRelease.ts";
import { releaseId } from "#rollout/release/release.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { describeMember, observe } from "#rollout/roll/fleet.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { formatReport } from "#rollout/roll/reporter.ts";
import { roll } from "#rollout/roll/roll.ts";
import {
  type CheckAnswer,
  type Created,
  type Difference,
  type Found,
  hasUnknown,
  ownInputs,
  providerOf,
} from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { openFleet } from "./openFleet.ts";

/** A jar may lie on a disk of the network. */
const IDENTIFY_SECONDS = 300;
/** There is one of a stack. */
const ID = "rolling-deployment";
const DECISIVE = ["rollingOrder", "hosts", "proxy", "launch", "environment", "hostLaunch", "hostEnvironment"];

/** What the program gives: a jar, or the name of a release that the hosts keep; `check` finds out the rest. */
export type RollingDeploymentInputs = Omit<KindRequest, "jar" | "release" | "hosts" | "proxy"> & {
  hosts: HostPlace[];
  proxy: ProxyPlace;
  /**
   * A `version` is taken instead of the one that the build wrote into the jar. With its hash, too, the jar is known and
   * not read again.
   */
  jar?: { path: string; version?: string } | NonNullable<KindRequest["jar"]>;
  release?: string;
};

/** Fills in what the jar is and where the roll will go; every problem comes with the path of its setting. */
export async function check({ olds, news }: Change): Promise<CheckAnswer> {
  if (hasUnknown(news)) return { inputs: news };
  const { jar: givenJar, release: name, rollingOrder: _, ...given } = ownInputs(news);
  try {
    const identified = Object(givenJar).sha256 !== undefined && { jar: givenJar };
    const problems = problemsOf(kindRequest, { ...given, ...identified, release: "" });
    if (problems.length > 0) return { failures: problems.map(failure) };
    const parsed = parse(kindRequest, { ...given, ...identified, release: "" });
    const asked = { ...parsed, launch: withJava(parsed, ownInputs(olds)) };
    const request = { ...asked, ...(await identify(givenJar, name, asked)) };
    const old = runningBefore(olds);
    const names = request.hosts.map(({ name }) => name);
    const rollingOrder = orderAsLastSeen(names, ownInputs(olds).rollingOrder).map(
      (name) => `${name}: ${request.release}${startsAnew(name, request, old) ? ", started anew" : ""}`,
    );
    return { inputs: { ...request, rollingOrder } };
  } catch (error) {
    if (error instanceof InvalidInput) return { failures: [failure(error)] };
    throw error;
  }
}

/** A Java that is looked up on this machine is found once and kept: another shell may find another one. */
function withJava({ launch, proxy }: KindRequest, old: Record<string, unknown>): KindRequest["launch"] {
  const known = Object(old.launch).java;
  return kindNamed(proxy.kind).withJava?.(launch, typeof known === "string" ? known : undefined) ?? launch;
}

/** A roll is due when a host is to run something else, or to run it in another way, or elsewhere. */
export async function diff(change: Change): Promise<Difference> {
  return { changes: differing(change, DECISIVE).length > 0 };
}

/** Brings all hosts to the release: the first deployment, a roll, a retry and a heal are the same. */
export async function create(news: News): Promise<Created> {
  return { id: ID, outs: await finishWithoutEngine((signal) => deployUntil(signal, news)) };
}

async function deployUntil(signal: AbortSignal, inputs: News): Promise<Values> {
  const request = requestOf(inputs);
  const fleet = await openFleet(request);
  const environments = [request.environment, ...Object.values(request.hostEnvironment ?? {})];
  const redact = redactor(environments.flatMap(Object.values<string>));
  const began = performance.now();
  try {
    const { durationSeconds } = await roll(fleet, request, request, {
      owner: leaseOwner(),
      reporter: (report) => console.log(redact(formatReport(report))),
      signal,
      redact,
      leaseTiming: leaseTiming(request.timing.leaseWaitSeconds),
    });
    return { ...inputs, ...(await survey(fleet.hosts, fleet.proxy)), durationSeconds };
  } catch (error) {
    throw Object.assign(new Error(redact(messageOf(error)), { cause: error }), {
      id: ID,
      properties: {
        ...inputs,
        ...(await survey(fleet.hosts, fleet.proxy)),
        durationSeconds: secondsSince(began),
      },
      reasons: [redact(reasonOf(error))],
    });
  } finally {
    await fleet.close();
  }
}

/** What every host really runs: drift shows as a change of `rollingOrder`. */
export async function read(id: string, olds: Olds): Promise<Found> {
  const request = requestOf(olds);
  const fleet = await openFleet(request);
  const found = await survey(fleet.hosts, fleet.proxy).finally(() => fleet.close());
  return {
    id,
    props: { ...olds, ...found },
    inputs: { ...request, ...providerOf(olds), rollingOrder: found.rollingOrder },
  };
}

/** Whether a host is to start the same release in another way: a secret change would not show in a preview. */
function startsAnew(name: string, next: KindRequest, old: KindRequest | undefined): boolean {
  if (old?.release !== next.release) return false;
  const [was, is] = [old, next].map((request) => {
    const host = request.hosts.find((candidate) => candidate.name === name);
    return host && launchFingerprint(launchOf(request, name), host.address, host.port);
  });
  return was !== undefined && was !== is;
}

/** What was last rolled, unless another version wrote that down. */
function runningBefore(olds: Olds): KindRequest | undefined {
  try {
    return requestOf(olds);
  } catch {
    return undefined;
  }
}

async function identify(jar: unknown, name: unknown, request: KindRequest) {
  if (request.jar !== undefined) return { release: releaseId(request.jar) };
  if (typeof name === "string" && jar === undefined) {
    const fleet = await openFleet(request);
    return { release: await findKeptRelease(name, fleet.hosts).finally(() => fleet.close()) };
  }
  const path = String(Object(jar).path ?? "");
  const version = Object(jar).version === undefined ? undefined : String(Object(jar).version);
  const identified = await within(IDENTIFY_SECONDS, `reading ${path}`, identifyJar(path, version));
  return { release: releaseId(identified), jar: identified };
}

function requestOf(inputs: object): KindRequest {
  const known = ownInputs(inputs);
  const keys = Object.keys(kindRequest.shape).filter((key) => known[key] !== undefined);
  return parse(kindRequest, Object.fromEntries(keys.map((key) => [key, known[key]])));
}

/** Hosts in the order in which they were last seen, which is the one that a roll takes; new ones run nothing, so first. */
function orderAsLastSeen(names: readonly string[], lastSeen: unknown): string[] {
  const seen = Array.isArray(lastSeen) ? lastSeen.map((line) => String(line).replace(/: .*/, "")) : [];
  return names.toSorted((a, b) => seen.indexOf(a) - seen.indexOf(b));
}

async function survey(hosts: readonly AppHost[], proxy: ReverseProxy) {
  const found = await Promise.all(hosts.map((host) => describe(host, proxy)));
  return {
    url: proxy.url,
    rollingOrder: found
      .toSorted((a, b) => a.turn - b.turn)
      .map(({ name, description }) => `${name}: ${description}`),
    releases: Object.fromEntries(found.map(({ name, description }) => [name, description])),
  };
}

/** One host in words; a roll takes the ones with the lowest `turn` first. */
async function describe(host: AppHost, proxy: ReverseProxy) {
  const unknown = (why: string) => ({ name: host.name, description: `unknown, ${why}`, turn: 2 });
  try {
    const member = await observe(host, proxy, AbortSignal.timeout(10_000));
    if (member.unreachable !== undefined) return unknown(member.unreachable);
    return { name: host.name, description: describeMember(member), turn: member.serving ? 1 : 0 };
  } catch (error) {
    return unknown(messageOf(error));
  }
}

function reasonOf(error: unknown): string {
  const evidence = error instanceof RollFailed ? error.evidence : [];
  const next = `Next: ${nextStepFor(error)}.`;
  return [printable(messageOf(error)), ...evidence.map((line) => `    ${line}`), next].join("\n");
}

function failure({ property, reason }: InvalidInput) {
  return { property, reason: `${reason}. Nothing was changed.` };
}

import { type Change, differing, type News, type Olds } from "#kinds/change.ts";
import { kinds as everyKind, type Kinds } from "#kinds/kinds.ts";
import { closing } from "#rollout/common/closing.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import { obstacleTo } from "#rollout/common/obstacleTo.ts";
import { identifyCanary } from "#rollout/release/identifyCanary.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { Canary } from "#rollout/request/canary.ts";
import type { HostPlace, ProxyPlace } from "#rollout/request/places.ts";
import { type RollRequest, rollRequest } from "#rollout/request/rollRequest.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
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
import { surveyOf } from "./foldedLines.ts";
import { openOrchestrator } from "./openOrchestrator.ts";
import { rollingOrderOf } from "./rollingOrder.ts";
import { linesOf, rollToCome } from "./rollToCome.ts";
import { withoutUnknownImages } from "./unknownImages.ts";

/** What every roll did before there were settings for it. */
const BEFORE_SETTING = { order: "stop-first", batch: [1] };
const DECISIVE = [
  "rollingOrder",
  "hosts",
  "proxies",
  "image",
  "launch",
  "environment",
  "hostLaunch",
  "hostEnvironment",
];

/** The inputs: a jar, or the name of a release that the hosts keep; `check` fills in the rest. */
export type RollingDeploymentInputs = Omit<
  RollRequest,
  "jar" | "release" | "hosts" | "proxies" | "canary"
> & {
  hosts: HostPlace[];
  proxies: [ProxyPlace, ...ProxyPlace[]];
  /**
   * `version` overrides the one in the jar. If the hash is given too, the jar is not read again.
   */
  jar?: { path: string; version?: string } | NonNullable<RollRequest["jar"]>;
  release?: string;
  /** Hosts that get another jar than the others. */
  canary?: Omit<Canary, "jar" | "release"> & { jar: { path: string; version?: string } | Canary["jar"] };
};

/** Validates the inputs and fills in release and rolling order; each failure names its setting. */
export async function check({ olds, news: all }: Change, kinds = everyKind): Promise<CheckAnswer> {
  const { news, withImages } = withoutUnknownImages(all);
  if (hasUnknown(news)) return { inputs: { ...all, ...rollToCome({ olds, news }) } };
  const {
    jar: givenJar,
    release: name,
    canary: givenCanary,
    rollingOrder: _,
    forecast: __,
    ...given
  } = ownInputs(news);
  try {
    const identified = Object(givenJar).sha256 !== undefined && { jar: givenJar };
    const canary = givenCanary !== undefined && { canary: await withRelease(givenCanary) };
    const candidate = { ...given, ...identified, ...canary, release: "" };
    const problems = problemsOf(kinds.request, candidate);
    if (problems.length > 0) return { failures: problems.map(failure) };
    const parsed = parse(kinds.request, candidate);
    const asked = { ...parsed, launch: withJava(parsed, olds, kinds) };
    const request = { ...asked, ...(await identify(givenJar, name, asked, kinds)) };
    await refuseReports(request.reports);
    const old = runningBefore(olds, kinds);
    const lastSeen = linesOf(olds);
    const ahead = await rollingOrderOf(request, old, lastSeen, kinds);
    // What was foreseen for the last roll stays until another one is due.
    return { inputs: withImages({ ...request, ...lastForecast(olds), ...ahead }) };
  } catch (error) {
    if (error instanceof InvalidInput) return { failures: [failure(error)] };
    throw error;
  }
}

/** A Java looked up on this machine is remembered, because another shell may find another one. */
function withJava(
  { launch, proxies: [proxy] }: RollRequest,
  olds: Olds,
  kinds: Kinds,
): RollRequest["launch"] {
  const known = Object(olds.launch).java;
  return kinds.named(proxy.kind).withJava?.(launch, typeof known === "string" ? known : undefined) ?? launch;
}

/** A roll is due if any host should run something else, with other options, or elsewhere. */
export async function diff(change: Change): Promise<Difference> {
  return { changes: differing(change, DECISIVE).length > 0 };
}

/** Brings all hosts to the release, whether that means a first deployment, a roll, a retry or a repair. */
export async function update({ olds, news }: Change, kinds = everyKind): Promise<Created> {
  const request = requestOf(news, kinds);
  // With all that only a roll needs, which every other call would load in vain.
  const { deploy, ID } = await import("./deploy.ts");
  const outs = await finishWithoutEngine((signal) =>
    closing(openOrchestrator(request, kinds), (orchestrator) =>
      deploy(orchestrator, request, { olds, news }, signal),
    ),
  );
  return { id: ID, outs };
}

/** The same for a stack without a state. */
export async function create(news: News, kinds = everyKind): Promise<Created> {
  return update({ olds: {}, news }, kinds);
}

/** Reads what every host really runs; drift shows up as a change of `rollingOrder`. */
export async function read(id: string, olds: Olds, kinds = everyKind): Promise<Found> {
  const request = recordedRequest(olds, kinds);
  const found = await closing(openOrchestrator(request, kinds), (orchestrator) =>
    surveyOf(orchestrator, request),
  );
  return {
    id,
    props: { ...olds, ...found },
    inputs: { ...request, ...providerOf(olds), ...lastForecast(olds), rollingOrder: found.rollingOrder },
  };
}

/** The previous request, unless another version of rollgate wrote it. */
function runningBefore(olds: Olds, kinds: Kinds): RollRequest | undefined {
  try {
    return recordedRequest(olds, kinds);
  } catch {
    return undefined;
  }
}

async function identify(jar: unknown, name: unknown, request: RollRequest, kinds: Kinds) {
  if (request.jar !== undefined) return { release: releaseId(request.jar) };
  if (typeof name === "string" && jar === undefined) {
    return {
      release: await closing(openOrchestrator(request, kinds), (orchestrator) =>
        orchestrator.findRelease(name),
      ),
    };
  }
  const path = String(Object(jar).path ?? "");
  const version = Object(jar).version === undefined ? undefined : String(Object(jar).version);
  const identified = await identifyJar(path, version);
  return { release: releaseId(identified), jar: identified };
}

/** The canary with its jar opened and hashed, unless the program has done that. */
async function withRelease(canary: unknown): Promise<unknown> {
  const { jar } = Object(canary);
  if (Object(jar).sha256 !== undefined) return { ...Object(canary), release: releaseId(jar) };
  return { ...Object(canary), ...(await identifyCanary(Object(jar))) };
}

function requestOf(known: Olds | News, kinds: Kinds): RollRequest {
  const keys = Object.keys(rollRequest.shape).filter((key) => known[key] !== undefined);
  return parse(kinds.request, Object.fromEntries(keys.map((key) => [key, known[key]])));
}

/** The request in the state, which may have been written before there were all of its settings. */
function recordedRequest(olds: Olds, kinds: Kinds): RollRequest {
  return requestOf({ ...BEFORE_SETTING, ...olds }, kinds);
}

function lastForecast({ forecast }: Olds): { readonly forecast?: string } {
  return typeof forecast === "string" ? { forecast } : {};
}

/** Rejects a folder that can't be made; a disk that is read-only costs a roll only its record. */
async function refuseReports(folder: string | undefined): Promise<void> {
  const obstacle = folder === undefined ? undefined : await obstacleTo(folder, "EROFS");
  if (obstacle !== undefined) throw new InvalidInput("reports", obstacle);
}

function failure({ property, reason }: InvalidInput) {
  return { property, reason: `${reason}. Nothing was changed.` };
}

import { isDeepStrictEqual } from "node:util";
import type { AppHost } from "../appHost.ts";
import { InvalidInput, messageOf, RollFailed } from "../errors.ts";
import { describeMember, observe } from "../fleet.ts";
import { identifyJar } from "../jar.ts";
import { releaseId } from "../release.ts";
import { formatReport } from "../reporter.ts";
import type { ReverseProxy } from "../reverseProxy.ts";
import { roll } from "../roll.ts";
import { parse, problemsOf, type RollRequest, rollRequest } from "../rollRequest.ts";
import { secondsSince } from "../secondsSince.ts";
import { type CheckAnswer, hasUnknown, ownInputs, providerOf } from "./crud.ts";
import { openFleet } from "./openFleet.ts";

/** What the program gives; `check` adds what the jar says of itself. */
export type RollingDeploymentInputs = Omit<RollRequest, "jar"> & { jar: { path: string } };

/** Inputs after `check`; `rollingOrder` is what a preview shows. */
export interface CheckedInputs extends RollRequest {
  /** One line per host, in the order of the roll: `app-1: 1.1.0-3fa9c1d2e4b5`. */
  readonly rollingOrder: readonly string[];
}

/** What the resource gives to the program. */
export interface RollingDeploymentOutputs extends CheckedInputs {
  readonly url: string;
  /** The release that each host runs, by name. */
  readonly releases: Record<string, string>;
  /** How long the last roll took. */
  readonly durationSeconds: number;
}

/** Fills in what the jar is and where the roll will go; every problem comes with the path of its setting. */
export async function check(news: object): Promise<CheckAnswer<object>> {
  if (hasUnknown(news)) return { inputs: news };
  const given = ownInputs(news);
  try {
    const jar = await identifyJar(String(Object(given.jar).path ?? ""));
    const request = { ...given, jar };
    const { rollingOrder: _, ...plain } = Object(request);
    const problems = problemsOf(rollRequest, plain);
    if (problems.length > 0) return { failures: problems.map(failure) };
    return { inputs: { ...plain, rollingOrder: orderOf(parse(rollRequest, plain)) } };
  } catch (error) {
    if (error instanceof InvalidInput) return { failures: [failure(error)] };
    throw error;
  }
}

/** A roll is due when a host is to run something else, or to run it in another way, or elsewhere. */
export function diff(olds: object, news: object): { changes: boolean } {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const decisive = ["rollingOrder", "hosts", "proxy", "launch", "environment"];
  return { changes: decisive.some((key) => !isDeepStrictEqual(old[key], next[key])) };
}

/** Brings all hosts to the release: the first deployment, a roll, a retry and a heal are the same. */
export async function deploy(id: string, inputs: object): Promise<object> {
  const request = requestOf(inputs);
  const { hosts, proxy } = openFleet(request);
  const began = performance.now();
  try {
    const { durationSeconds } = await roll({ hosts, proxy }, request.jar, request, {
      reporter: (report) => console.log(formatReport(report)),
      signal: new AbortController().signal,
    });
    return { ...inputs, ...(await survey(hosts, proxy)), durationSeconds };
  } catch (error) {
    throw Object.assign(new Error(messageOf(error), { cause: error }), {
      id,
      properties: { ...inputs, ...(await survey(hosts, proxy)), durationSeconds: secondsSince(began) },
      reasons: [reasonOf(error)],
    });
  }
}

/** What every host really runs: drift shows as a change of `rollingOrder`. */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const request = requestOf(props);
  const { hosts, proxy } = openFleet(request);
  const found = await survey(hosts, proxy);
  return {
    id,
    props: { ...props, ...found },
    inputs: { ...request, ...providerOf(props), rollingOrder: found.rollingOrder },
  };
}

function requestOf(inputs: object): RollRequest {
  const known = ownInputs(inputs);
  const keys = Object.keys(rollRequest.shape);
  return parse(rollRequest, Object.fromEntries(keys.map((key) => [key, known[key]])));
}

function orderOf(request: RollRequest): string[] {
  return request.hosts.map(({ name }) => `${name}: ${releaseId(request.jar)}`);
}

async function survey(hosts: readonly AppHost[], proxy: ReverseProxy) {
  const found = await Promise.all(hosts.map((host) => describe(host, proxy)));
  return {
    url: proxy.url,
    rollingOrder: found.map(({ name, description }) => `${name}: ${description}`),
    releases: Object.fromEntries(found.map(({ name, description }) => [name, description])),
  };
}

async function describe(host: AppHost, proxy: ReverseProxy): Promise<{ name: string; description: string }> {
  try {
    const member = await observe(host, proxy, AbortSignal.timeout(10_000));
    return { name: host.name, description: describeMember(member) };
  } catch (error) {
    return { name: host.name, description: `unknown, ${messageOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  const evidence = error instanceof RollFailed ? error.evidence : [];
  return [messageOf(error), ...evidence.map((line) => `    ${line}`)].join("\n");
}

function failure({ property, reason }: InvalidInput) {
  return { property, reason };
}

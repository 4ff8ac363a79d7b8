import type { Kinds } from "#kinds/kinds.ts";
import { closing } from "#rollout/common/closing.ts";
import { launchFingerprint } from "#rollout/host/launchSpec.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { targetOf } from "#rollout/roll/targets.ts";
import { openOrchestrator } from "./openOrchestrator.ts";

/**
 * A line per host, in rolling order: what it should run and, if that is a change, how it gets there and why. `lastSeen`
 * are the lines of what the hosts run, `old` is the previous request.
 */
export async function rollingOrderOf(
  request: RollRequest,
  old: RollRequest | undefined,
  lastSeen: readonly string[],
  kinds: Kinds,
): Promise<string[]> {
  const names = orderAsLastSeen(
    request.hosts.map(({ name }) => name),
    lastSeen,
  );
  const lines = names.map((name) => ({
    name,
    line: `${name}: ${targetOf(request, name).release}${startsAnew(name, request, old) ? ", restarted" : ""}`,
  }));
  const changing = lines.filter(({ line }) => lastSeen.length > 0 && !lastSeen.includes(line));
  const plans = await planFor(
    changing.map(({ name }) => name),
    request,
    kinds,
  );
  return lines.map(({ name, line }) => [line, plans[name]].filter(Boolean).join(", "));
}

/** The hosts in the order last seen, which is the order of the roll; new ones come first, since they run nothing. */
function orderAsLastSeen(names: readonly string[], lastSeen: readonly string[]): string[] {
  const seen = lastSeen.map((line) => line.replace(/: .*/, ""));
  return names.toSorted((a, b) => seen.indexOf(a) - seen.indexOf(b));
}

/** Whether a host restarts the same release with other options; a change of a secret would not show in a preview. */
function startsAnew(name: string, next: RollRequest, old: RollRequest | undefined): boolean {
  if (!old || targetOf(old, name).release !== targetOf(next, name).release) return false;
  const [was, is] = [old, next].map((request) => {
    const host = request.hosts.find((candidate) => candidate.name === name);
    return host && launchFingerprint(launchOf(request, name), host.address, host.port);
  });
  return was !== undefined && was !== is;
}

/** How hosts would get their new JVM; asked only for those that change, since it takes a look at each. */
async function planFor(
  hosts: readonly string[],
  request: RollRequest,
  kinds: Kinds,
): Promise<Readonly<Record<string, string>>> {
  if (hosts.length === 0 || request.hosts.every(({ second }) => second === undefined)) return {};
  return closing(openOrchestrator(request, kinds), (orchestrator) => orchestrator.plan(hosts, request.order));
}

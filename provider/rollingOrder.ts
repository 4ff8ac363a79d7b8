import type { Kinds } from "#kinds/kinds.ts";
import type { Plan } from "#kinds/orchestrator.ts";
import { closing } from "#rollout/common/closing.ts";
import { launchFingerprint } from "#rollout/host/launchSpec.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { targetOf } from "#rollout/roll/targets.ts";
import { folded } from "./foldedLines.ts";
import { openOrchestrator } from "./openOrchestrator.ts";

const LAST_ROLLS = 10;
const NO_PLAN: Plan = { hosts: {}, forecast: "", warnings: [] };

/** What a preview shows of a roll. */
export interface RollingOrder {
  /** A line per host, in rolling order, or for several of a large fleet: what it should run and, if that is a change, how it gets there and why. */
  readonly rollingOrder: readonly string[];
  /** Which hosts in which batches, what would stop it, and how long it may take. Absent if no host changes. */
  readonly forecast?: string;
}

/** `lastSeen` are the lines of what the hosts run, `old` is the previous request. */
export async function rollingOrderOf(
  request: RollRequest,
  old: RollRequest | undefined,
  lastSeen: readonly string[],
  kinds: Kinds,
): Promise<RollingOrder> {
  const names = orderAsLastSeen(
    request.hosts.map(({ name }) => name),
    lastSeen,
  );
  const lines = names.map((name) => ({
    name,
    line: `${name}: ${targetOf(request, name).release}${startsAnew(name, request, old) ? ", restarted" : ""}`,
  }));
  const changing = lines.filter(({ line }) => lastSeen.length > 0 && !lastSeen.includes(line));
  const { hosts, forecast, warnings } = changing.length > 0 ? await planFor(request, old, kinds) : NO_PLAN;
  for (const warning of warnings) console.log(`warning: ${warning}`);
  const ahead = [forecast, changing.length === names.length ? await lastTimes(request) : ""].filter(Boolean);
  const planOf = (name: string) => (changing.some((each) => each.name === name) ? hosts[name] : undefined);
  return {
    rollingOrder: folded(
      lines.map(({ name, line }) => [line, planOf(name)].filter(Boolean).join(", ")),
      request.hosts.map(({ name }) => name),
    ),
    ...(forecast && { forecast: ahead.join("; ") }),
  };
}

/** The hosts in the order last seen, which is the order of the roll; new ones come first, since they run nothing. */
export function orderAsLastSeen(names: readonly string[], lastSeen: readonly string[]): string[] {
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

/** Asked only if a host changes, since it takes a look at each. */
async function planFor(request: RollRequest, old: RollRequest | undefined, kinds: Kinds): Promise<Plan> {
  return closing(openOrchestrator(request, kinds), (orchestrator) => orchestrator.plan(request, old));
}

/** How long the last rolls took; a preview goes on without. */
async function lastTimes({ reports, stack, hosts }: RollRequest): Promise<string> {
  if (reports === undefined) return "";
  const { RecordFolder } = await import("#rollout/record/recordFolder.ts");
  const { usualSeconds } = await import("#rollout/record/usualSeconds.ts");
  const rolls = await new RecordFolder(reports).newest(LAST_ROLLS, stack).catch(() => []);
  return usualSeconds(
    rolls.map(({ record }) => record),
    hosts.length,
  );
}

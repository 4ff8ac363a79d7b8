import type { Orchestrator, Survey } from "#kinds/orchestrator.ts";
import { isLarge } from "#rollout/roll/largeFleet.ts";

/** At least so many hosts in a row are told by the first and the last one. */
const LEAST = 3;
const TO = "…";

/**
 * The lines of a large fleet, a line for hosts that follow one another and have the same to tell:
 * `app-1…app-198, app-200: 1.0.0-3c886d759f66`. `names` are the hosts as the settings list them, which `…` counts by.
 */
export function folded(lines: readonly string[], names: readonly string[]): readonly string[] {
  if (!isLarge(lines.length)) return lines;
  const places = new Map(names.map((name, index) => [name, index]));
  const groups: { readonly told: string; readonly hosts: string[] }[] = [];
  for (const line of lines) {
    const [name, told] = split(line);
    const last = groups.at(-1);
    if (last?.told === told) last.hosts.push(name);
    else groups.push({ told, hosts: [name] });
  }
  return groups.map(({ told, hosts }) => `${runsOf(hosts, places).join(", ")}: ${told}`);
}

/** The same lines with one for each host again. */
export function unfolded(lines: readonly string[], names: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [hosts, told] = split(line);
    return hosts.split(", ").flatMap((run) => hostsOf(run, names).map((name) => `${name}: ${told}`));
  });
}

/** What every host really runs, with the lines of a large fleet folded; `known` is what a roll has just found. */
export async function surveyOf(
  orchestrator: Pick<Orchestrator, "survey">,
  { hosts }: { readonly hosts: readonly { readonly name: string }[] },
  known?: Parameters<Orchestrator["survey"]>[0],
): Promise<Survey> {
  const found = await orchestrator.survey(known);
  const names = hosts.map(({ name }) => name);
  return { ...found, rollingOrder: folded(found.rollingOrder, names) };
}

function split(line: string): [string, string] {
  const end = line.indexOf(": ");
  return [line.slice(0, end), line.slice(end + 2)];
}

function runsOf(hosts: readonly string[], places: ReadonlyMap<string, number>): string[] {
  const runs: string[][] = [];
  for (const name of hosts) {
    const run = runs.at(-1);
    const before = places.get(run?.at(-1) ?? "");
    if (run && before !== undefined && places.get(name) === before + 1) run.push(name);
    else runs.push([name]);
  }
  return runs.flatMap((run) => (run.length < LEAST ? run : [`${run[0]}${TO}${run.at(-1)}`]));
}

function hostsOf(run: string, names: readonly string[]): readonly string[] {
  const [first = "", last] = run.split(TO);
  if (last === undefined) return [first];
  return names.slice(names.indexOf(first), names.indexOf(last) + 1);
}

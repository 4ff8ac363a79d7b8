import type { Change, Values } from "#kinds/change.ts";
import { releaseId } from "#rollout/release/release.ts";
import { hasUnknown, UNKNOWN } from "./crud.ts";
import { folded, unfolded } from "./foldedLines.ts";
import { orderAsLastSeen } from "./rollingOrder.ts";

/** What a preview shows of a roll while some inputs are not known yet; nothing is asked. */
export function rollToCome({ olds, news }: Change): Values {
  const { hosts, jar, canary } = news;
  const release = releaseOf(jar);
  // Without a jar, the hosts would have to be asked for the release.
  if (release === UNKNOWN || !Array.isArray(hosts)) return { rollingOrder: UNKNOWN };
  const lines = hosts.map((host: Values): readonly [string, string] => {
    const { hosts: ofCanary = [], jar: canaryJar } = Object(canary);
    const its = [ofCanary].flat().includes(host.name) ? releaseOf(canaryJar) : release;
    const isPlaceUnknown = hasUnknown([host.server, host.address, host.port]);
    const where = isPlaceUnknown ? ", at an address known after its server exists" : "";
    return [String(host.name), its === UNKNOWN ? its : `${host.name}: ${its}${where}`];
  });
  const byName = Object.fromEntries(lines);
  const names = orderAsLastSeen(Object.keys(byName), linesOf(olds));
  const rollingOrder = names.map((name) => byName[name] ?? UNKNOWN);
  const isKnown = !rollingOrder.includes(UNKNOWN);
  return { release, rollingOrder: isKnown ? folded(rollingOrder, Object.keys(byName)) : rollingOrder };
}

/** The lines of the rolling order in a state, one for each host. */
export function linesOf({ rollingOrder, hosts }: Values): string[] {
  if (!Array.isArray(rollingOrder)) return [];
  const names = Array.isArray(hosts) ? hosts.map((host) => String(Object(host).name)) : [];
  return unfolded(rollingOrder.map(String), names);
}

function releaseOf(jar: unknown): string {
  const { path, version, sha256 } = Object(jar);
  const isKnown = [path, version, sha256].every((part) => typeof part === "string" && part !== UNKNOWN);
  return isKnown ? releaseId({ path, version, sha256 }) : UNKNOWN;
}

import { join } from "node:path";
import { CLOSE_CONNECTIONS } from "../closeConnections.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { STANDBY_FLAG, standbyLines, triesInSoak } from "../standby.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import { canaryLines } from "./canaryRouting.ts";
import { closedReturn } from "./closedPaths.ts";
import { drainLines } from "./drainLines.ts";
import { fileIn } from "./fileIn.ts";
import { ledgerLines } from "./ledgerLog.ts";
import { maintenanceLines, outageLines } from "./pages.ts";
import { passOn } from "./passOn.ts";
import { locationsUnder } from "./pathPrefix.ts";
import { hostLines } from "./proxyHeaders.ts";
import { restShortcut } from "./restShortcut.ts";
import { COMMON, waysOf } from "./ways.ts";

/** A request that kills its host must not be tried on all of them. */
const TRIES = 2;
const [IN_SOAK, LAST_ANSWER] = ["_in_soak", "_last_answer"];

/**
 * The locations of the application, for a server block. The first one sends some requests on to the others, because what
 * is different for them can't be a variable: one for each way, in a soak, and for the last answer on a connection.
 */
export function applicationLocation(
  settings: NginxSettings,
  parts: DrainUpstreams,
  lines: FlavourLines,
): string {
  const { directory, hosts, canary, name } = settings;
  const { standby } = parts;
  const own = ownNames(name);
  const flagOf = (slot: string) => fileIn(directory, join("drained", slot));
  const pool = own(standby.length > 0 ? "standby_pool" : lines.pool);
  const [way, to] = [own("way"), own("to")];
  const inSoak =
    standby.length > 0 ? `    if ($${own("standby")}) { set $${to} "\${${way}}${IN_SOAK}"; }\n` : "";
  const common = { way: COMMON, tries: TRIES, isLast: false };
  const others = waysOf(settings).flatMap((each) => [
    { suffix: each.suffix, variant: { ...common, way: each } },
    ...(standby.length === 0
      ? []
      : [{ suffix: each.suffix + IN_SOAK, variant: { ...common, way: each, tries: triesInSoak(standby) } }]),
    { suffix: each.suffix + LAST_ANSWER, variant: { ...common, way: each, isLast: true } },
  ]);
  const named = others
    .filter(({ suffix }) => suffix !== COMMON.suffix)
    .map(({ suffix, variant }) => `location @${name}${suffix} {\n${passOn(settings, pool, variant)}}\n`);
  const application = `${closedReturn(settings, own)}${maintenanceLines(settings)}${hostLines(own)}${restShortcut(settings, parts, lines)}${ledgerLines(settings)}${canary ? canaryLines(canary, hosts, flagOf, own) : drainLines(hosts, flagOf, own)}${standbyLines(standby, flagOf(STANDBY_FLAG), own)}    if ($${pool} = none) {
${outageLines(settings, lines.outage)}    }
    set $${to} $${way};
${inSoak}    if (-f ${fileIn(directory, CLOSE_CONNECTIONS)}) { set $${to} "\${${way}}${LAST_ANSWER}"; }
    error_page 418 = @${name}$${to};
    if ($${to}) { return 418; }
${passOn(settings, pool, common)}`;
  const under = locationsUnder(settings.pathPrefix).map((location) => `${location} {\n${application}}\n`);
  return [...under, ...named].join("");
}

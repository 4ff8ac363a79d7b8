import { join } from "node:path";
import { flagSum } from "../flagSum.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";
import { type RestState, restStates } from "../restStates.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import { isSticky } from "./balance.ts";
import { fileAtHand } from "./fileIn.ts";
import { hasLedger, LEDGER_FLAG, logsOfShortcut } from "./ledgerLog.ts";

type Parts = Pick<DrainUpstreams, "pools" | "groups">;

/**
 * For the location of the application, before it looks at any flag: while the fleet is at rest, one file stands for all of
 * them and the upstream is known. In any other state, and for a request that takes another way than most, nginx goes on
 * with the next line. The upstream's name is no variable, because nginx would look it up for each request.
 */
export function restShortcut(
  settings: NginxSettings,
  parts: Parts,
  { allUp }: Pick<FlavourLines, "allUp">,
): string {
  const own = ownNames(settings.name);
  const [way, rest] = [own("way"), own("rest")];
  // nginx's `if` has no "and": what else must hold is in the name of the file, as a suffix that no file has.
  const lines = shortcuts(settings, parts).map(({ state, sum, upstream, isCounted }) => {
    const checks = allUp
      ? `    set $${rest} "-";
    if (-f "${allUp(state)}") { set $${rest} $${way}; }
`
      : "";
    return `${checks}    if (-f "${sum}$${allUp ? rest : way}") {
${logsOfShortcut(settings, isCounted)}        proxy_pass http://${upstream};
        break;
    }
`;
  });
  if (lines.length === 0) return "";
  return `    # At rest, one file stands for the flags of all slots.\n${lines.join("")}`;
}

/** The answer to `/rollgate/drained` that tells that flags were changed without their sum, which hides that from requests. */
export const UNSUMMED = "unsummed";

/** For the location that tells the rollout which slots are drained. */
export function unsummedReturn(settings: NginxSettings, parts: Parts, answer: string): string {
  const own = ownNames(settings.name);
  return shortcuts(settings, parts)
    .map(
      ({ sum, upstream }) => `        set $${own("upstream")} $${own("drained_pool")};
        if (-f "${sum}") { set $${own("upstream")} ${upstream}; }
        if ($${own("upstream")} != $${own("drained_pool")}) { return 200 "${UNSUMMED} ${answer}"; }
`,
    )
    .join("");
}

/** For each rest state, the file that exists only in it, and the upstream of requests. */
function shortcuts(settings: NginxSettings, { pools, groups }: Parts) {
  const { hosts, canary, name } = settings;
  // With canaries, it is also up to the request which upstream it gets. A client that stays with its host gets to it by
  // its group in every state.
  if (canary || (isSticky(settings) && groups.length > 0)) return [];
  const states = restStates(hosts).flatMap((state) => {
    const upstream = upstreamOf(state, pools);
    return upstream === undefined ? [] : [{ state, upstream: ownNames(name)(upstream) }];
  });
  const counts = hasLedger(settings) ? [false, true] : [false];
  // Each state is followed by itself during a roll, which then costs one more look and not one for each state.
  return states.flatMap(({ state, upstream }) =>
    counts.map((isCounted) => {
      const flags = [...state.drained.map((slot) => slot.name), ...(isCounted ? [LEDGER_FLAG] : [])];
      return { state, upstream, isCounted, sum: fileAtHand(settings, join("drained", flagSum(flags))) };
    }),
  );
}

function upstreamOf({ drained }: RestState, pools: DrainUpstreams["pools"]): string | undefined {
  if (drained.length === 0) return "all";
  const names = drained.map(({ name }) => name).join();
  return pools.find(({ without }) => without.join() === names)?.name;
}

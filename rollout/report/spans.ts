import type { Phase, Report } from "../roll/reporter.ts";

/** A phase of one host, or of the fleet, in seconds since the roll began. */
export interface Span {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number;
  /** What was said about it last. */
  readonly message: string;
  /** It did not end by itself: it failed, or the roll was killed. */
  readonly isUnfinished?: boolean;
  /** It belongs to the way back. */
  readonly isWayBack?: boolean;
}

/** What comes next if nothing fails, where that is certain enough. */
const NEXT: ReadonlyMap<Phase, Phase> = new Map([
  ["drain", "settle"],
  ["settle", "stop"],
  ["stop", "switch"],
  ["switch", "start"],
  ["start", "health"],
  ["health", "upstream"],
  ["upstream", "admit"],
  ["warm-up", "admit"],
  ["record", "admit"],
]);
const HOOKS_END = /^[^|].*: done in /;
const SHORTEST_GAP_SECONDS = 0.05;

/** The end of a roll that cut its hosts short. */
export interface Cut {
  readonly at: number;
  /** Whether hosts that took traffic may have been in their soak. */
  readonly inSoak: boolean;
}

/**
 * The phases of one host by its reports. A phase that fails never reports its end: it lasted from the end of the one
 * before to the way back, or to the end of the roll.
 */
export function hostSpans(reports: readonly Report[], end?: Cut): Span[] {
  const wayBackFrom = reports.findIndex(leadsBack);
  const ended = reports.flatMap(({ phase, elapsedSeconds: to, message, milliseconds }, index) => {
    if (milliseconds === undefined) return [];
    const isWayBack = wayBackFrom >= 0 && index > wayBackFrom;
    return [{ phase, from: Math.max(0, to - milliseconds / 1000), to, message, isWayBack }];
  });
  const turns = splitAtWaysBack(reports);
  const cut = turns.flatMap(({ turn, cut = end }) => (cut && unfinished(turn, cut)) ?? []);
  const together = [...ended, ...cut, ...hookSpans(reports)];
  return together.toSorted((a, b) => a.from - b.from || b.to - a.to);
}

/** The phases of the fleet, which are told when they end, or again and again. */
export function fleetSpans(reports: readonly Report[]): Span[] {
  const spans: Span[] = [];
  let last = 0;
  for (const [index, { host, phase, elapsedSeconds: at, message, milliseconds }] of reports.entries()) {
    if (host !== undefined) continue;
    if (phase === "preflight" || phase === "stage") {
      const from = milliseconds === undefined ? last : Math.max(0, at - milliseconds / 1000);
      spans.push({ phase, from, to: at, message });
    }
    if (phase === "wait" && reports[index - 1]?.phase !== "wait") {
      const rest = reports.slice(index);
      const next = rest.findIndex((report) => report.phase !== "wait");
      const until = next < 0 ? rest.length - 1 : next;
      const told = rest[Math.max(0, next < 0 ? until : until - 1)]?.message ?? message;
      spans.push({ phase, from: at, to: rest[until]?.elapsedSeconds ?? at, message: told });
    }
    last = at;
  }
  return [...spans, ...hookSpans(reports.filter(({ host }) => host === undefined))];
}

/** Whether from this report on, a host is brought back to what it ran. */
export function leadsBack({ phase }: Report): boolean {
  return phase === "restore" || phase === "rollback";
}

/** Hooks say when they begin and when they end, and print in between. */
function hookSpans(reports: readonly Report[]): Span[] {
  const runs: Report[][] = [];
  let run: Report[] = [];
  for (const report of reports) {
    if (report.phase !== "hook") {
      run = [];
      continue;
    }
    if (run.length === 0) runs.push(run);
    run.push(report);
    if (HOOKS_END.test(report.message)) run = [];
  }
  return runs.flatMap(([first, ...others]) => {
    const last = others.at(-1);
    if (!first || !last) return [];
    const { phase, elapsedSeconds: from, message } = first;
    return [{ phase, from, to: last.elapsedSeconds, message }];
  });
}

interface Turn {
  readonly turn: readonly Report[];
  readonly cut?: Cut;
}

function splitAtWaysBack(reports: readonly Report[]): Turn[] {
  const turns: Turn[] = [];
  let begin = 0;
  for (const [index, report] of reports.entries()) {
    if (!leadsBack(report)) continue;
    // A rollback begins after the host's turn has ended well; only a restore cuts one short.
    const turn = reports.slice(begin, index);
    if (report.phase === "restore") turns.push({ turn, cut: { at: report.elapsedSeconds, inSoak: true } });
    begin = index;
  }
  return [...turns, { turn: reports.slice(begin) }];
}

function unfinished(turn: readonly Report[], { at, inSoak }: Cut): Span | undefined {
  const timed = turn.filter(({ milliseconds }) => milliseconds !== undefined);
  const last = timed.at(-1);
  const waiting = turn.slice(last ? turn.indexOf(last) + 1 : 0).findLast(({ phase }) => !leadsPast(phase));
  const admitted = timed.find(({ phase }) => phase === "admit");
  const isSoaking = inSoak && !timed.some(({ phase }) => phase === "soak");
  const followed = admitted ? (isSoaking ? "soak" : undefined) : last && NEXT.get(last.phase);
  const phase = waiting?.phase ?? followed;
  const from = (phase === "soak" ? admitted : (last ?? waiting))?.elapsedSeconds;
  if (phase === undefined || from === undefined || at - from < SHORTEST_GAP_SECONDS) return undefined;
  return { phase, from, to: at, message: waiting?.message ?? "did not end", isUnfinished: true };
}

function leadsPast(phase: Phase): boolean {
  return ["order", "done", "warning", "restore", "rollback", "hook", "reconnect", "nginx"].includes(phase);
}

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
]);
const SHORTEST_GAP_SECONDS = 0.05;

/**
 * The phases of one host by its reports. A phase that fails never reports its end: it lasted from the end of the one
 * before to the way back, or to `cutAt`, when the roll was killed.
 */
export function hostSpans(reports: readonly Report[], cutAt?: number): Span[] {
  const ended = reports.flatMap((report) => {
    if (report.milliseconds === undefined) return [];
    const { phase, elapsedSeconds: to, message, milliseconds } = report;
    const isWayBack = reports.slice(0, reports.indexOf(report)).some(leadsBack);
    return [{ phase, from: Math.max(0, to - milliseconds / 1000), to, message, isWayBack }];
  });
  const turns = splitAtWaysBack(reports);
  const cut = turns.flatMap(({ turn, endsAt = cutAt }) => unfinished(turn, endsAt) ?? []);
  const together = [...ended, ...cut, ...untimedRuns(reports)];
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
  return [...spans, ...untimedRuns(reports.filter(({ host }) => host === undefined))];
}

/** Whether from this report on, a host is brought back to what it ran. */
export function leadsBack({ phase }: Report): boolean {
  return phase === "restore" || phase === "rollback";
}

/** Hooks say when they begin and when they end. */
function untimedRuns(reports: readonly Report[]): Span[] {
  const runs: Report[][] = [];
  for (const report of reports.filter(({ phase }) => phase === "hook")) {
    const run = runs.at(-1);
    const previous = reports[reports.indexOf(report) - 1];
    if (run && previous && run.at(-1) === previous && !isHooksEnd(previous)) run.push(report);
    else runs.push([report]);
  }
  return runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last || first.milliseconds !== undefined || first === last) return [];
    const { phase, elapsedSeconds: from, message } = first;
    return [{ phase, from, to: last.elapsedSeconds, message }];
  });
}

function isHooksEnd({ message }: Report): boolean {
  return /: done in /.test(message);
}

interface Turn {
  readonly turn: readonly Report[];
  readonly endsAt?: number;
}

function splitAtWaysBack(reports: readonly Report[]): Turn[] {
  const turns: Turn[] = [];
  let begin = 0;
  for (const [index, report] of reports.entries()) {
    if (!leadsBack(report)) continue;
    // A rollback begins after the host's turn has ended well; only a restore cuts one short.
    const turn = reports.slice(begin, index);
    if (report.phase === "restore") turns.push({ turn, endsAt: report.elapsedSeconds });
    begin = index;
  }
  return [...turns, { turn: reports.slice(begin) }];
}

function unfinished(turn: readonly Report[], endsAt: number | undefined): Span | undefined {
  const timed = turn.filter(({ milliseconds }) => milliseconds !== undefined);
  const last = timed.at(-1);
  if (endsAt === undefined) return undefined;
  const waiting = turn.slice(last ? turn.indexOf(last) + 1 : 0).findLast(({ phase }) => !leadsPast(phase));
  const admitted = timed.find(({ phase }) => phase === "admit");
  const soaked = timed.some(({ phase }) => phase === "soak");
  const phase =
    waiting?.phase ?? (admitted && !soaked ? "soak" : !soaked && last ? NEXT.get(last.phase) : undefined);
  const from = (phase === "soak" ? admitted : last)?.elapsedSeconds ?? waiting?.elapsedSeconds;
  if (phase === undefined || from === undefined || endsAt - from < SHORTEST_GAP_SECONDS) return undefined;
  return { phase, from, to: endsAt, message: waiting?.message ?? "did not end", isUnfinished: true };
}

function leadsPast(phase: Phase): boolean {
  return ["order", "done", "warning", "restore", "rollback", "hook", "reconnect", "nginx"].includes(phase);
}

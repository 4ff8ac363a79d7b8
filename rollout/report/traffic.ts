import { counted } from "../common/counted.ts";
import { groupBy } from "../common/groupBy.ts";
import type { RollRecord } from "../record/rollRecord.ts";
import { type Bin, bins, NO_SLOT, UNKNOWN } from "./bins.ts";
import { chart, type Key } from "./chart.ts";
import { inDigits, inMilliseconds } from "./figuresInWords.ts";
import { type Html, html } from "./html.ts";
import { area, hints, line, plot, roundUp, type Scale } from "./plot.ts";
import { type ReleaseNames, releasesOf } from "./releaseNames.ts";
import type { TimeAxis } from "./timeAxis.ts";
import { utcTime } from "./utc.ts";

const NAMELESS: ReadonlyMap<string, string> = new Map([
  [UNKNOWN, "unknown release"],
  [NO_SLOT, "no slot"],
]);

const OTHER_CLOCK = "nginx counted requests, but none at this time: is the clock of its machine right?";

/** What nginx counted over the time of a roll: requests by release, errors, and the slowest of a hundred. */
export function traffic(record: RollRecord, axis: TimeAxis, names: ReleaseNames): Html | undefined {
  const all = bins(record.ledger ?? [], axis);
  if (!all.some((bin) => bin.all.requests > 0)) {
    const isElsewhere = record.ledger?.some(({ requests }) => requests > 0);
    return isElsewhere ? html`<p class="chart none">${OTHER_CLOCK}</p>` : undefined;
  }
  const colours = releaseColours(record);
  const series = [...releasesOf(record), ...NAMELESS.keys()]
    .filter((release) => all.some((bin) => (bin.byRelease.get(release)?.requests ?? 0) > 0))
    .map((release) => ({
      release,
      className: colours.get(release) ?? (release === UNKNOWN ? "old-2" : "no-slot"),
      name: NAMELESS.get(release) ?? names(release),
    }));
  const over = hints(
    all.map((bin) => ({ ...bin, hint: hintOf(bin, series, axis) })),
    { axis, top: 1 },
  );
  return html`${requests(all, axis, series, over)}${failures(all, axis, over)}${slowest(all, axis, series, over)}`;
}

/** A release and its looks. */
interface Series extends Key {
  readonly release: string;
}

/** Old releases are grey, so that new ones stand out. */
export function releaseColours(record: RollRecord): ReadonlyMap<string, string> {
  const old = new Set(
    record.hosts.flatMap(({ from, to }) => (from === undefined || from === to ? [] : [from])),
  );
  const numbered = groupBy(releasesOf(record), (release) => (old.has(release) ? "old" : "new"));
  return new Map(
    [...numbered].flatMap(([age, releases]) =>
      releases.map((release, index) => [release, `${age}-${Math.min(index, 2)}`] as const),
    ),
  );
}

function requests(
  all: readonly Bin[],
  axis: TimeAxis,
  series: readonly Series[],
  over: readonly Html[],
): Html {
  const top = roundUp(Math.max(...all.map((bin) => perSecond(bin, bin.all.requests))));
  const scale = { axis, top };
  const shapes = series.map(({ className }, index) => {
    const below = series.slice(0, index);
    const columns = all.map((bin) => {
      const low = perSecond(bin, sumOf(bin, below));
      const high = perSecond(bin, sumOf(bin, series.slice(0, index + 1)));
      return { ...bin, low, high };
    });
    return html`<path class="area ${className}" d="${area(columns, scale)}"/>`;
  });
  return chart({
    title: "Requests per second",
    keys: series,
    top,
    plot: plot("Requests per second, by release", [...shapes, ...over]),
  });
}

function failures(all: readonly Bin[], axis: TimeAxis, over: readonly Html[]): Html {
  const most = Math.max(...all.map((bin) => bin.all.errors + bin.all.lost));
  if (most === 0)
    return html`<p class="chart none">No request was lost in this time, and the application answered none with an error.</p>`;
  const scale: Scale = { axis, top: roundUp(most) };
  const lost = all.map((bin) => ({ ...bin, low: 0, high: bin.all.lost }));
  const errors = all.map((bin) => ({ ...bin, low: bin.all.lost, high: bin.all.lost + bin.all.errors }));
  return chart({
    title: `Errors and lost requests${widthInWords(all)}`,
    keys: [
      { className: "errors", name: "errors of the application" },
      { className: "lost", name: "lost" },
    ],
    top: scale.top,
    plot: plot("Errors and lost requests", [
      html`<path class="area errors" d="${area(errors, scale)}"/>`,
      html`<path class="area lost" d="${area(lost, scale)}"/>`,
      ...over,
    ]),
  });
}

function slowest(
  all: readonly Bin[],
  axis: TimeAxis,
  series: readonly Series[],
  over: readonly Html[],
): Html {
  const answered = series.filter(({ release }) => release !== NO_SLOT);
  const p99 = (bin: Bin, release: string) => bin.byRelease.get(release)?.p99;
  const top = roundUp(
    Math.max(0, ...answered.flatMap(({ release }) => all.map((bin) => p99(bin, release) ?? 0))),
  );
  const lines = answered.map(({ release, className }) => {
    const points = all.map((bin) => {
      const value = p99(bin, release);
      return value === undefined ? undefined : { at: (bin.from + bin.to) / 2, value };
    });
    return html`<path class="line ${className}" d="${line(points, { axis, top })}"/>`;
  });
  return chart({
    title: "p99 latency in milliseconds",
    keys: answered,
    top,
    plot: plot("p99 in milliseconds, by release", [...lines, ...over]),
  });
}

function hintOf(bin: Bin, series: readonly Series[], axis: TimeAxis): string {
  const { all, byRelease } = bin;
  const releases = series.flatMap(({ release, name }) => {
    const some = byRelease.get(release);
    return some ? `${name}: ${inDigits(some.requests)}, p99 ${inMilliseconds(some.p99)}` : [];
  });
  return [
    `${utcTime(axis.began + bin.from * 1000)} UTC, ${counted(all.requests, "request")}`,
    ...releases,
    `${counted(all.errors, "error")}, ${inDigits(all.lost)} lost`,
  ].join("\n");
}

function widthInWords(all: readonly Bin[]): string {
  const widest = Math.round(Math.max(...all.map(({ from, to }) => to - from)));
  return widest <= 1 ? " per second" : ` per ${widest} s`;
}

function sumOf({ byRelease }: Bin, series: readonly Series[]): number {
  return series.reduce((sum, { release }) => sum + (byRelease.get(release)?.requests ?? 0), 0);
}

/** nginx counts whole seconds: a piece of one at the end of the axis is not extrapolated. */
function perSecond({ from, to }: Bin, count: number): number {
  return count / Math.max(1, Math.round(to - from));
}

import type { RollRecord } from "../record/rollRecord.ts";

/** How much of the time before a roll is shown, as a share of its length, and at least and at most. */
const BEFORE = { share: 0.2, leastSeconds: 5, mostSeconds: 120 };
const MOST_TICKS = 8;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** The time that a page shows, in seconds since the roll began; timeline and charts share it. */
export interface TimeAxis {
  readonly from: number;
  readonly to: number;
  /** When the roll began, in milliseconds since 1970; 0 if the record does not say it in a way to be understood. */
  readonly began: number;
  readonly ticks: readonly number[];
}

/** The axis from shortly before the roll to its end, or to the last that is known of it. */
export function timeAxis(record: RollRecord): TimeAxis {
  const began = Date.parse(record.began) || 0;
  const to = Math.max(lastSecond(record), 0.001);
  const before = Math.min(BEFORE.mostSeconds, Math.max(BEFORE.leastSeconds, to * BEFORE.share));
  const first = (record.ledger ?? []).reduce((least, { second }) => Math.min(least, second), Infinity);
  const from = Math.max(-before, Math.min(0, Math.ceil(first - began / 1000)));
  const step = STEPS.find((seconds) => (to - from) / seconds <= MOST_TICKS) ?? (to - from) / MOST_TICKS;
  const count = Math.floor((to - from) / step) + 1;
  const ticks = Array.from({ length: count }, (_, index) => (Math.ceil(from / step) + index) * step);
  return { from, to, began, ticks: ticks.filter((tick) => tick <= to).map((tick) => tick || 0) };
}

/** Where a time is on the axis, in percent of its length; what lies outside is at its ends. */
export function percentAt({ from, to }: TimeAxis, seconds: number): number {
  const percent = (100 * (seconds - from)) / (to - from);
  return Math.round(1000 * Math.min(100, Math.max(0, percent || 0))) / 1000;
}

/** What to call a time of the axis: `10 s` on a short one, `1:30` or `1:00:30` on a long one. */
export function sinceBeginning({ from, to }: TimeAxis, seconds: number): string {
  const sign = seconds < 0 ? "−" : "";
  const long = Math.max(-from, to);
  if (long < 100) return `${sign}${Number(Math.abs(seconds).toPrecision(3))} s`;
  const whole = Math.round(Math.abs(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const [first = 0, ...rest] = hours > 0 ? [hours, ...parts] : parts;
  return `${sign}${[first, ...rest.map((part) => String(part).padStart(2, "0"))].join(":")}`;
}

function lastSecond({ durationSeconds, reports }: RollRecord): number {
  return reports.reduce((most, { elapsedSeconds }) => Math.max(most, elapsedSeconds), durationSeconds ?? 0);
}

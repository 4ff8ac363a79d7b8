import { digits } from "../common/digits.ts";

/** Keeps a number and its unit on one line. */
const SPACE = "\u00a0";

/** `48,112`. */
export function inDigits(value: number): string {
  return Number.isFinite(value) ? digits(Math.round(value)) : "–";
}

/** `0.02 %`; never `0 %` for something, nor `100 %` for less than everything. */
export function inPercent(part: number, whole: number): string {
  const percent = (100 * part) / whole;
  if (!(part > 0 && whole > 0)) return inUnits("0", "%");
  if (percent < 0.01) return `< ${inUnits("0.01", "%")}`;
  if (percent > 99.9 && percent < 100) return `> ${inUnits("99.9", "%")}`;
  return inUnits(Number(Math.min(100, percent).toPrecision(3)), "%");
}

/** `340 ms`, `24.1 s`, `3 min 5 s`, `1 h 2 min`. */
export function inTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const milliseconds = Math.round(Math.max(0, seconds) * 1000);
  if (milliseconds < 1000) return inUnits(milliseconds, "ms");
  if (milliseconds < 99_950) return inUnits((milliseconds / 1000).toFixed(1), "s");
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${inUnits(hours, "h")} ${inUnits(minutes, "min")}`;
  return `${inUnits(minutes, "min")} ${inUnits(whole % 60, "s")}`;
}

/** `62 ms`, or a dash if nothing was measured. */
export function inMilliseconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? "–" : inUnits(inDigits(milliseconds), "ms");
}

function inUnits(value: number | string, unit: string): string {
  return `${value}${SPACE}${unit}`;
}

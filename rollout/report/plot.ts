import { type Html, html } from "./html.ts";
import { percentAt, type TimeAxis } from "./timeAxis.ts";

/** The width and the height of a plot's own coordinates, which the browser stretches to the room there is. */
const [WIDTH, HEIGHT] = [1000, 100];

/** A value over a piece of time, from `low` to `high`. */
export interface Column {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** Turns times and values into coordinates. */
export interface Scale {
  readonly axis: TimeAxis;
  /** The value at the top. */
  readonly top: number;
}

/** A number that is round, at least as big as this, and can be halved well. */
export function roundUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor =
    [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((each) => each * power >= value * 0.999_999) ?? 10;
  return Number((factor * power).toPrecision(12));
}

/** The area between the low and the high of columns that lie side by side. */
export function area(columns: readonly Column[], scale: Scale): string {
  const filled = columns.filter(({ low, high, from, to }) => high > low && to > from);
  return filled
    .map(({ from, to, low, high }) => {
      const [left, right] = [x(from, scale), x(to, scale)];
      return `M${left} ${y(low, scale)}V${y(high, scale)}H${right}V${y(low, scale)}z`;
    })
    .join("");
}

/** A line through points; it is broken where there are none, and a point by itself becomes a dot. */
export function line(points: readonly ({ at: number; value: number } | undefined)[], scale: Scale): string {
  return points
    .map((point, index) => {
      if (!point) return "";
      const [previous, next] = [points[index - 1], points[index + 1]];
      const place = `${x(point.at, scale)} ${y(point.value, scale)}`;
      if (previous) return `L${place}`;
      return next ? `M${place}` : `M${place}h0`;
    })
    .join("");
}

/** Invisible columns over a whole plot that say what was counted in them when they are pointed at. */
export function hints(columns: readonly { from: number; to: number; hint: string }[], scale: Scale): Html[] {
  return columns.map(({ from, to, hint }) => {
    const left = x(from, scale);
    const width = Math.round(100 * (x(to, scale) - left)) / 100;
    return html`<rect class="hint" x="${left}" y="0" width="${width}" height="${HEIGHT}"><title>${hint}</title></rect>`;
  });
}

/** A plot that fills the width it gets. */
export function plot(label: string, shapes: readonly Html[]): Html {
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${shapes}</svg>`;
}

function x(seconds: number, { axis }: Scale): number {
  return Math.round(percentAt(axis, seconds) * WIDTH) / 100;
}

function y(value: number, { top }: Scale): number {
  return Math.round(100 * (HEIGHT - (HEIGHT * Math.min(value, top)) / top)) / 100;
}

import { roundUp } from "#rollout/report/plot.ts";
import { escaped, svg } from "./svg.ts";

/** A point of a line, in the units of its panel. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lines of one measure over the same values; both axes are linear and begin at zero. */
interface Panel {
  readonly title: string;
  /** What the values below are. */
  readonly below: string;
  readonly lines: readonly { readonly label: string; readonly points: readonly Point[] }[];
}

const [WIDTH, TOP, HEIGHT, BOTTOM] = [760, 84, 220, 56];
const [LEFT, RIGHT] = [56, 24];

/** Up to two lines in each of some panels, side by side; all have the same lines. */
export function lineChart(title: string, panels: readonly Panel[]): string {
  const width = WIDTH / panels.length;
  const drawn = panels.map((panel, index) => drawPanel(panel, index * width, width));
  return svg(WIDTH, TOP + HEIGHT + BOTTOM, title, [legend(panels[0]), ...drawn].join(""));
}

function legend(panel: Panel | undefined): string {
  let x = 16;
  const keys = (panel?.lines ?? []).map(({ label }, index) => {
    const key = `<circle class="dot-${index}" cx="${x + 5}" cy="44" r="4"/>
<text x="${x + 16}" y="48">${escaped(label)}</text>
`;
    // Some room for letters of about this width.
    x += 40 + label.length * 7;
    return key;
  });
  return keys.join("");
}

function drawPanel({ title, below, lines }: Panel, from: number, width: number): string {
  const points = lines.flatMap((line) => line.points);
  const [right, top] = [
    Math.max(...points.map(({ x }) => x)),
    roundUp(Math.max(...points.map(({ y }) => y))),
  ];
  const x = (value: number) => (from + LEFT + (value / right) * (width - LEFT - RIGHT)).toFixed(1);
  const y = (value: number) => (TOP + HEIGHT * (1 - value / top)).toFixed(1);
  const rows = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = Number((part * top).toPrecision(3));
    return `<path class="line" d="M${x(0)} ${y(value)}H${x(right)}"/>
<text class="quiet" x="${from + LEFT - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${value}</text>
`;
  });
  // Values that lie too close together are not written below.
  const values = [...new Set(points.map((point) => point.x))].filter((value) => value >= right / 16);
  const columns = values.map(
    (value) =>
      `<text class="quiet" x="${x(value)}" y="${TOP + HEIGHT + 20}" text-anchor="middle">${value}</text>\n`,
  );
  const drawn = lines.map((line, index) => {
    const path = line.points.map((point) => `${x(point.x)} ${y(point.y)}`).join("L");
    const dots = line.points.map(
      (point) => `<circle class="dot-${index}" cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"/>\n`,
    );
    return `<path class="plot-${index}" d="M${path}"/>\n${dots.join("")}`;
  });
  return `<text class="quiet" x="${from + 16}" y="72">${escaped(title)}</text>
${rows.join("")}${columns.join("")}<text class="quiet" x="${x(right / 2)}" y="${TOP + HEIGHT + 40}" text-anchor="middle">${escaped(below)}</text>
${drawn.join("")}`;
}

import { escaped, svg } from "./svg.ts";

/** Bars of one measure, each relative to the longest. */
interface BarGroup {
  readonly title: string;
  readonly digits: number;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

const [WIDTH, LEFT, RIGHT, ROW, HEAD, GAP] = [760, 180, 90, 26, 30, 16];

/** Groups of horizontal bars, one below the other; ours have another colour than the others. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  let y = 40;
  const parts = groups.map(({ title: heading, digits, bars }) => {
    const most = Math.max(...bars.map(({ value }) => value));
    const head = `<text class="quiet" x="16" y="${y + 18}">${escaped(heading)}</text>\n`;
    y += HEAD;
    const rows = bars.map(({ label, value }) => {
      const width = (value / most) * (WIDTH - LEFT - RIGHT);
      const kind = label.startsWith("rollgate") ? 0 : 2;
      const row = `<text x="${LEFT - 8}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>
<rect class="bar-${kind}" x="${LEFT}" y="${y + 3}" width="${width.toFixed(1)}" height="18" rx="3"/>
<text x="${(LEFT + width + 8).toFixed(1)}" y="${y + 16}">${value.toFixed(digits)}</text>
`;
      y += ROW;
      return row;
    });
    y += GAP;
    return head + rows.join("");
  });
  return svg(WIDTH, y, title, parts.join(""));
}

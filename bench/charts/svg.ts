/** A picture for people with a light or a dark screen: a page that shows it can't style it, but the screen's wish gets in. */
export function svg(width: number, height: number, title: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; }
  .quiet { fill: #57606a; }
  .line { stroke: #d0d7de; fill: none; }
  .bar-0, .dot-0 { fill: #0969da; } .plot-0 { stroke: #0969da; fill: none; stroke-width: 2; }
  .bar-1, .dot-1 { fill: #bc4c00; } .plot-1 { stroke: #bc4c00; fill: none; stroke-width: 2; }
  .bar-2 { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .line { stroke: #3d444d; }
    .bar-0, .dot-0 { fill: #4493f8; } .plot-0 { stroke: #4493f8; }
    .bar-1, .dot-1 { fill: #f0883e; } .plot-1 { stroke: #f0883e; }
    .bar-2 { fill: #6e7681; }
  }
</style>
<text class="title" x="16" y="26">${escaped(title)}</text>
${content}</svg>
`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** One argument of a command in a unit. */
export function systemdQuote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${escaped.replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
}

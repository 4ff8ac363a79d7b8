const STACK_FRAME = /^\s*(at \S|\.\.\. \d+ (more|common frames))/;
const BANNER = /^\*+$/;
const CAUSED_BY = /^\s*Caused by: /;
const FAILED_TO_START = /APPLICATION FAILED TO START/;
const COMPLAINT = /\b(ERROR|FATAL|SEVERE)\b|^(Error|Exception)\b|OutOfMemoryError|\bException in thread\b/;
/** Spring's failure analysis consists of a description and an action, a paragraph each. */
const ANALYSIS_LINES = 10;
const LAST_LINES = 3;

/**
 * Picks at most `most` log lines that explain why an application exited, in their order: Spring's own analysis, root
 * causes, logged errors, and the last lines; stack frames only if there is nothing else.
 */
export function tellingLines(lines: readonly string[], most: number): string[] {
  const written = lines.flatMap((line, index) => (line.trim() === "" ? [] : [index]));
  const worded = written.filter((index) => !STACK_FRAME.test(at(lines, index)));
  const matching = (pattern: RegExp) => worded.filter((index) => pattern.test(at(lines, index)));
  const [analysis] = matching(FAILED_TO_START).slice(-1);
  const ranked = [
    ...(analysis === undefined ? [] : analysisFrom(worded, analysis, lines)),
    ...matching(CAUSED_BY).slice(-2).reverse(),
    ...worded.slice(-LAST_LINES).reverse(),
    ...matching(COMPLAINT).slice(-most).reverse(),
    ...worded.toReversed(),
    ...(worded.length > 0 ? [] : written.toReversed()),
  ];
  const chosen = [...new Set(ranked)].slice(0, most).sort((a, b) => a - b);
  return chosen.map((index) => at(lines, index));
}

function analysisFrom(worded: readonly number[], start: number, lines: readonly string[]): number[] {
  return worded
    .filter((index) => index >= start && !BANNER.test(at(lines, index).trim()))
    .slice(0, ANALYSIS_LINES);
}

function at(lines: readonly string[], index: number): string {
  return lines[index] ?? "";
}

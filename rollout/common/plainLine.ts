import { stripVTControlCharacters } from "node:util";

const LONGEST_LINE = 500;
// Direction marks too: they would show a line in another order than it was written.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A line that somebody else wrote, such that it can change nothing in a terminal and is not endless. */
export function plainLine(line: string): string {
  // Cut first, generously: a line may have hundreds of megabytes.
  const beginning = line.slice(0, 8 * LONGEST_LINE);
  const plain = printable(beginning).trimEnd();
  if (plain.length <= LONGEST_LINE && beginning.length === line.length) return plain;
  return `${plain.slice(0, LONGEST_LINE)}… (${line.length} characters)`;
}

/** The same words without what would change a terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\t", "    ").replaceAll(UNPRINTABLE, "");
}

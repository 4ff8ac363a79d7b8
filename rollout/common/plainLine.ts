import { stripVTControlCharacters } from "node:util";

const LONGEST_LINE = 500;
// Includes direction marks, which would reorder a line on display.
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Makes a line from elsewhere safe to print: no control characters, limited length. */
export function plainLine(line: string): string {
  // Cut generously first: a line may have hundreds of megabytes.
  const beginning = line.slice(0, 8 * LONGEST_LINE);
  const plain = printable(beginning).trimEnd();
  if (plain.length <= LONGEST_LINE && beginning.length === line.length) return plain;
  return `${plain.slice(0, LONGEST_LINE)}… (${line.length} characters)`;
}

/** The text without control characters. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\t", "    ").replaceAll(UNPRINTABLE, "");
}

import { plainLine } from "../common/plainLine.ts";

const MOST_LINES = 500;
const LAST_LINES = 15;
/** Longer lines are cut here already, so that endless ones need no memory. */
const LONGEST_LINE = 16 * 1024;

/**
 * Splits the output of a command into lines that are safe to print: secrets hidden, of limited length, and not too many of
 * them.
 */
export class PrintedLines {
  readonly #redact: (text: string) => string;
  readonly #print: (line: string) => void;
  #rest = "";
  #count = 0;
  #last: string[] = [];

  constructor(redact: (text: string) => string, print: (line: string) => void) {
    this.#redact = redact;
    this.#print = print;
  }

  /** The last lines, printed or not. */
  get last(): readonly string[] {
    return this.#last;
  }

  add(text: string): void {
    const lines = text.split(/\r?\n/);
    lines[0] = this.#rest + (lines[0] ?? "");
    this.#rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
    for (const line of lines) this.#tell(line);
  }

  end(): void {
    if (this.#rest !== "") this.#tell(this.#rest);
    this.#rest = "";
    const dropped = this.#count - MOST_LINES;
    if (dropped > 0) this.#print(`… ${dropped} more lines`);
  }

  #tell(line: string): void {
    const plain = plainLine(this.#redact(line));
    if (plain === "") return;
    this.#count++;
    this.#last = [...this.#last, plain].slice(-LAST_LINES);
    if (this.#count <= MOST_LINES) this.#print(plain);
  }
}

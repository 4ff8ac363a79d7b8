/** A mark and an exit code, with the lines around them, are shorter. */
const LONGEST_END = 100;

/** What one command printed to one stream, and its exit code. */
export interface Ended {
  readonly code: number;
  readonly text: string;
}

/** The output of commands that run one after the other, each of which ends in a line with its mark and its exit code. */
export class MarkedText {
  #text = "";
  /** Where no end was found yet: a search through all of it, each time, would copy all of it. */
  #unseen = "";

  add(text: string): void {
    this.#text += text;
    this.#unseen += text;
  }

  /** What has come since the last command that was taken. */
  get rest(): string {
    return this.#text;
  }

  hasEnded(mark: string): boolean {
    return this.#endOf(mark) !== undefined;
  }

  /** Takes out what the next command printed, once it has ended. */
  take(mark: string): Ended | undefined {
    const end = this.#endOf(mark);
    if (!end) return undefined;
    const from = this.#text.length - this.#unseen.length + end.index;
    const text = this.#text.slice(0, from);
    this.#text = this.#text.slice(from + end[0].length);
    this.#unseen = this.#text;
    return { code: Number(end[1]), text };
  }

  #endOf(mark: string): RegExpExecArray | undefined {
    const end = new RegExp(`\n${mark}:(\\d+)\n`).exec(this.#unseen);
    if (!end) this.#unseen = this.#unseen.slice(-LONGEST_END);
    return end ?? undefined;
  }
}

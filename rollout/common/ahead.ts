/** Something that was asked before it was needed. */
export class Ahead<T> {
  readonly answer: Promise<T>;
  #endedAt = Number.POSITIVE_INFINITY;

  constructor(answer: Promise<T>) {
    this.answer = answer;
    const end = () => {
      this.#endedAt = performance.now();
    };
    // It may be left behind.
    answer.then(end, end);
  }

  /** Whether the answer is still on its way, or has not been there for longer than this. */
  isCurrent(milliseconds: number): boolean {
    return performance.now() - this.#endedAt <= milliseconds;
  }
}

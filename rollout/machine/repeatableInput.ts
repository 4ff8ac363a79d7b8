import { Readable } from "node:stream";

const MAX_BYTES = 1024 * 1024;
const SHORT_BYTES = 64 * 1024;

/** An input that can be sent again after a broken connection, if it is short enough to keep in memory. */
export class RepeatableInput {
  readonly #kept: readonly Buffer[];
  #rest: AsyncIterator<unknown> | undefined;

  private constructor(kept: readonly Buffer[], rest: AsyncIterator<unknown> | undefined) {
    this.#kept = kept;
    this.#rest = rest;
  }

  static async from(input: Readable): Promise<RepeatableInput> {
    const kept: Buffer[] = [];
    const iterator = input.iterator({ destroyOnReturn: true });
    for (let size = 0; size <= MAX_BYTES; ) {
      const { done, value } = await iterator.next();
      if (done) return new RepeatableInput(kept, undefined);
      const chunk = Buffer.from(value);
      kept.push(chunk);
      size += chunk.length;
    }
    return new RepeatableInput(kept, iterator);
  }

  get isRepeatable(): boolean {
    return this.#rest === undefined;
  }

  /** All of it, if it is a short text that can be a word of a command. */
  get shortText(): string | undefined {
    const bytes = Buffer.concat(this.#kept);
    if (!this.isRepeatable || bytes.length > SHORT_BYTES) return undefined;
    const text = bytes.toString("utf8");
    return text.includes("\0") || !Buffer.from(text).equals(bytes) ? undefined : text;
  }

  /** Reads all of it; a long input only once. */
  read(): Readable {
    const [kept, rest] = [this.#kept, this.#rest];
    return Readable.from(
      (async function* () {
        yield* kept;
        for (; rest; ) {
          const { done, value } = await rest.next();
          if (done) return;
          yield value;
        }
      })(),
    );
  }

  async close(): Promise<void> {
    await this.#rest?.return?.();
    this.#rest = undefined;
  }
}

import { randomUUID } from "node:crypto";
import { deferred } from "../common/deferred.ts";

/** What a command printed; without a code when the connection broke first, or when it took too long. */
export interface Printed {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly isOverdue?: boolean;
}

/** How a command runs in a shell. */
export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether it may take its time, so nothing should wait behind it. */
  readonly mayWait?: boolean;
  /** Whether others may not see it, as they could if it were an argument of a process. */
  readonly isSecret?: boolean;
  /** How long it may take once those before it have ended; for ever unless given. */
  readonly milliseconds?: number;
}

const NOTHING = { code: undefined, stdout: "", stderr: "" };

/** A command as a shell reads it, with marks around what it prints. */
export interface Marked {
  readonly mark: string;
  readonly line: string;
}

/** It doesn't run if nobody reads its first word any more. */
export function marked(command: string): Marked {
  const mark = randomUUID();
  const ends = `printf '\\n${mark}:%s\\n' $?; printf '\\n${mark}:0\\n' >&2`;
  return { mark, line: `printf '%s\\n' ${mark} && { ${command}; ${ends}; } < /dev/null\n` };
}

/** A command that a shell runs, or will run after others. */
export class ShellCommand {
  readonly mark: string;
  readonly mayWait: boolean;
  readonly printed: Promise<Printed>;
  /** Whether nobody wants to know any more what it printed. */
  isAbandoned = false;
  readonly #options: CommandOptions;
  readonly #resolve: (printed: Printed) => void;
  #began: number | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #abandon: () => void;

  /** `onAbandoned` is called when `signal` is aborted before it has ended. */
  constructor(mark: string, options: CommandOptions, onAbandoned: () => void) {
    this.mark = mark;
    const { promise, resolve } = deferred<Printed>();
    this.#options = options;
    this.#resolve = resolve;
    this.mayWait = options.mayWait === true;
    this.printed = promise;
    this.#abandon = () => {
      this.isAbandoned = true;
      this.#resolve(NOTHING);
      onAbandoned();
    };
    if (options.signal?.aborted) queueMicrotask(this.#abandon);
    options.signal?.addEventListener("abort", this.#abandon, { once: true });
  }

  /** How long it has been running. */
  get milliseconds(): number {
    return this.#began === undefined ? 0 : performance.now() - this.#began;
  }

  /** To be called when it has its turn; `onOverdue`, if it has taken too long since then. */
  begin(onOverdue: () => void): void {
    if (this.#began !== undefined) return;
    this.#began = performance.now();
    const { milliseconds } = this.#options;
    if (milliseconds === undefined) return;
    const end = () => {
      this.settle({ ...NOTHING, isOverdue: true });
      onOverdue();
    };
    this.#deadline = setTimeout(end, milliseconds);
  }

  settle(printed: Printed): void {
    clearTimeout(this.#deadline);
    this.#options.signal?.removeEventListener("abort", this.#abandon);
    this.#resolve(printed);
  }
}

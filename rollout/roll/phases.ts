import { secondsSince } from "../common/secondsSince.ts";
import type { AppHost } from "../host/appHost.ts";
import type { Phase } from "./reporter.ts";
import type { RollContext } from "./rollContext.ts";
import { telling } from "./telling.ts";

/** Phases that report themselves what they wait for, or whose length is known. */
const TELL_THEMSELVES: readonly Phase[] = ["health", "upstream", "soak"];

/** How long each phase of one host took, in milliseconds. */
export type PhaseTimes = Partial<Record<Phase, number>>;

/** The phases of one host: each is timed, and reported as it begins, goes on and ends. */
export class Phases {
  readonly times: PhaseTimes = {};
  readonly #host: AppHost;
  readonly #context: Pick<RollContext, "follower" | "report">;
  #phase: Phase;
  /** The first phase that failed: others may go on beside it. */
  #failed: Phase | undefined;

  /** `first` is the phase of what fails before any other begins. */
  constructor(host: AppHost, context: Pick<RollContext, "follower" | "report">, first: Phase) {
    this.#host = host;
    this.#context = context;
    this.#phase = first;
  }

  /** The phase that failed, or the last one that began, or the first. */
  get phase(): Phase {
    return this.#failed ?? this.#phase;
  }

  begins(phase: Phase): void {
    this.#phase = phase;
    this.#context.follower?.begins(phase, this.#host);
  }

  /** `step` returns what to report of it in the end. */
  async timed(phase: Phase, step: () => Promise<string>): Promise<void> {
    this.begins(phase);
    const began = performance.now();
    const tell = () =>
      this.#context.report(phase, `waiting: ${Math.round(secondsSince(began))} s so far`, this.#host);
    const working = TELL_THEMSELVES.includes(phase) ? step() : telling(tell, step);
    const message = await working.catch((error: unknown) => {
      this.#failed ??= phase;
      throw error;
    });
    this.ends(phase, message, performance.now() - began);
  }

  ends(phase: Phase, message: string, milliseconds: number): void {
    this.times[phase] = milliseconds;
    this.#context.report(phase, message, this.#host, milliseconds);
  }
}

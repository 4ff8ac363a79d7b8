import { GateFailed } from "#rollout/common/errors.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { AnsweredTime } from "./answeredTime.ts";

/** What Kubernetes may take on top of what a pod may. */
const EXTRA_SECONDS = 60;

/** Notices that nothing moves any more, for longer than a pod may take to be ready, to soak and to be judged. */
export class Standstill {
  readonly #limitSeconds: number;
  readonly #time: Pick<AnsweredTime, "now">;
  #moved: { readonly at: number; readonly state: string };

  constructor(
    { health, analysis }: Pick<RollPolicy, "health" | "analysis">,
    soakSeconds: number,
    time: Pick<AnsweredTime, "now">,
  ) {
    this.#time = time;
    this.#moved = { at: time.now(), state: "" };
    this.#limitSeconds = health.deadlineSeconds + soakSeconds + (analysis?.waitSeconds ?? 0) + EXTRA_SECONDS;
  }

  /** Throws `why` if the state has been the same for too long. */
  refuse(state: string, why: string): void {
    const now = this.#time.now();
    if (this.#moved.state !== state) this.#moved = { at: now, state };
    if (now - this.#moved.at < this.#limitSeconds * 1000) return;
    throw new GateFailed("standstill", `nothing has moved for ${this.#limitSeconds} s: ${why}`);
  }
}

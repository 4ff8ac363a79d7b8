import { secondsSince } from "#rollout/common/secondsSince.ts";
import type { PhaseTimes } from "#rollout/roll/phases.ts";
import type { Phase } from "#rollout/roll/reporter.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import type { AnsweredTime } from "./answeredTime.ts";
import type { PodView } from "./look.ts";
import { failureOf, PodFailed } from "./podFailure.ts";
import type { PodJudge } from "./podJudge.ts";

/** How long the Service may take to notice a ready pod, besides what nginx in front takes. */
const ADMIT_SECONDS = 60;
/** How long a pod may not be ready, for each pass that the gate requires. */
const HICCUP_SECONDS = 0.5;

/** What the gates of a pod need to know. */
export interface GateOptions {
  readonly policy: Pick<RollPolicy, "health">;
  readonly soakSeconds: number;
  readonly service: string;
  /** What nginx in front takes to find a ready pod up, if there is one. */
  readonly admitSeconds?: number;
  /** Why nginx in front does not send requests to it, if there is one. */
  readonly complaint?: () => string;
  /** Restarts of a pod that was there before the roll; absent for a new one. */
  readonly earlierRestarts: number | undefined;
  /** What deadlines are measured by. */
  readonly time: Pick<AnsweredTime, "now">;
  report(phase: Phase, message: string, pod: PodView, milliseconds?: number): void;
  judge(pod: PodView): PodJudge | undefined;
}

/** The gates of one pod of the release: started, ready, in the Service, and healthy until the end of its soak. */
export class PodGates {
  readonly times: PhaseTimes = {};
  readonly #options: GateOptions;
  readonly #seen = performance.now();
  #phase: Phase = "start";
  #began = performance.now();
  /** The same by the clock of deadlines. */
  readonly #counted: { readonly seen: number; began: number };
  #judge: PodJudge | undefined;
  #unreadySince: number | undefined;
  #isDone = false;

  constructor(options: GateOptions) {
    this.#options = options;
    const now = options.time.now();
    this.#counted = { seen: now, began: now };
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Looks at the pod once more; throws `PodFailed`. */
  async look(pod: PodView): Promise<void> {
    const { soakSeconds, service, earlierRestarts = 0, admitSeconds = 0 } = this.#options;
    const failure = failureOf(pod, this.#phase === "start" ? "health" : this.#phase, earlierRestarts);
    if (failure) throw failure;
    if (this.#phase === "start" && pod.node !== undefined) {
      this.#passes("health", pod, `${pod.release} on ${pod.node}`);
    }
    if (this.#phase === "start" || this.#phase === "health") {
      if (!pod.isReady) return this.#refuseLate(pod);
      this.#passes("admit", pod, `ready after ${secondsSince(this.#seen)} s`);
    }
    this.#refuseUnready(pod);
    if (this.#phase === "admit" && pod.serves) {
      this.#passes("soak", pod, `gets requests of ${service}`);
      this.#judge = this.#options.judge(pod);
    }
    const lasts = this.#options.time.now() - this.#counted.began;
    if (this.#phase === "admit" && lasts > (ADMIT_SECONDS + admitSeconds) * 1000) {
      const why = this.#options.complaint?.() ?? "do its labels match?";
      const message = `${pod.name} is ready, but Service ${service} does not send it requests: ${why}`;
      throw new PodFailed("not-in-service", "admit", message, pod);
    }
    if (this.#phase !== "soak" || this.#isDone) return;
    this.#judge?.look(pod);
    const soaked = performance.now() - this.#began;
    if (lasts < (soakSeconds + (this.#judge?.waitSeconds ?? 0)) * 1000) return;
    const found = await this.#judge?.finish(pod);
    this.#isDone = true;
    this.times.soak = soaked;
    if (soakSeconds > 0) {
      const message = [`stayed healthy for ${soakSeconds} s`, found].filter(Boolean).join("; ");
      this.#options.report("soak", message, pod, soaked);
    }
  }

  async stop(): Promise<void> {
    await this.#judge?.stop();
  }

  #passes(next: Phase, pod: PodView, message: string): void {
    const milliseconds = performance.now() - this.#began;
    this.times[this.#phase] = milliseconds;
    // One that was there before goes through its gates without a word.
    if (this.#options.earlierRestarts === undefined)
      this.#options.report(this.#phase, message, pod, milliseconds);
    this.#phase = next;
    this.#began = performance.now();
    this.#counted.began = this.#options.time.now();
  }

  #refuseLate(pod: PodView): void {
    const { deadlineSeconds } = this.#options.policy.health;
    if (this.#options.time.now() - this.#counted.seen < deadlineSeconds * 1000) return;
    const why = pod.unschedulable === undefined ? "was not ready" : `was on no node (${pod.unschedulable})`;
    throw new PodFailed("unhealthy", this.#phase, `${pod.name} ${why} for ${deadlineSeconds} s`, pod);
  }

  /** Not being ready for a moment may be a hiccup. */
  #refuseUnready(pod: PodView): void {
    const now = this.#options.time.now();
    this.#unreadySince = pod.isReady ? undefined : (this.#unreadySince ?? now);
    const seconds = this.#options.policy.health.passes * HICCUP_SECONDS;
    if (this.#unreadySince === undefined || now - this.#unreadySince < seconds * 1000) return;
    throw new PodFailed("unhealthy", "soak", `${pod.name} is not ready any more after it was admitted`, pod);
  }
}

import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { AnsweredTime } from "../answeredTime.ts";
import { isSilence } from "../patiently.ts";
import { Unjudged } from "../unjudged.ts";
import type { AskedPods } from "./frontPods.ts";
import { frontStatus, servingFronts } from "./frontStatus.ts";

/** Which pods every nginx in front sends requests to. */
export class FrontAdmission {
  readonly #pods: AskedPods;
  readonly #time: Pick<AnsweredTime, "heard" | "missed" | "isStill">;
  #complaint = "";

  constructor(pods: AskedPods, time: Pick<AnsweredTime, "heard" | "missed" | "isStill">) {
    this.#pods = pods;
    this.#time = time;
  }

  /** Why the last look found fewer than all. */
  get complaint(): string {
    return this.#complaint || `not every pod of ${this.#pods.name} finds it up`;
  }

  /**
   * Asks every pod of nginx that clients come to; nobody is admitted as long as one does not answer. Throws `Unjudged` if
   * one hears of no pods any more, though the API answers.
   */
  async look(): Promise<ReadonlySet<string>> {
    this.#complaint = "";
    try {
      const pods = await servingFronts(this.#pods);
      if (pods.length === 0) throw new RollgateError("no-nginx", `no pod of ${this.#pods.name} is ready`);
      const all = await Promise.all(pods.map((pod) => frontStatus(this.#pods, pod)));
      const stale = all.flatMap((each) => each.stale ?? []);
      if (stale.length > 0 && !this.#time.isStill) throw new Unjudged("stale-nginx", stale.join("; "));
      const [first = new Set<string>(), ...others] = all.map(({ up }) => up);
      return new Set([...first].filter((name) => others.every((up) => up.has(name))));
    } catch (error) {
      if (!(error instanceof RollgateError) || error instanceof Unjudged) throw error;
      this.#complaint = messageOf(error);
      await this.#askTheApi();
      return new Set();
    }
  }

  /** nginx is asked through the API: while that is silent, no answer says nothing about the pods. */
  async #askTheApi(): Promise<void> {
    try {
      await this.#pods.list();
      this.#time.heard();
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
      if (isSilence(error)) this.#time.missed();
    }
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import type { RollgateError } from "../common/errors.ts";
import { shortened } from "../common/shortened.ts";
import { describeTrouble } from "./describeMember.ts";
import type { FleetMember } from "./fleet.ts";
import type { RollContext } from "./rollContext.ts";

const TELL_EVERY_MILLISECONDS = 10_000;

/** Waits for hosts that may come back by themselves, as long as one may take to become healthy, and reports it. */
export class Waiting {
  readonly #context: RollContext;
  #since: number | undefined;
  #tellAt = 0;

  constructor(context: RollContext) {
    this.#context = context;
  }

  /** To be called when the roll made progress: the next wait then has its full time again. */
  isOver(): void {
    this.#since = undefined;
  }

  /** Sleeps until it is worth asking again; throws `otherwise` once it has taken too long. */
  async goOn(members: readonly FleetMember[], otherwise: RollgateError): Promise<void> {
    const { policy, report, signal } = this.#context;
    const { deadlineSeconds, intervalMilliseconds } = policy.health;
    const now = performance.now();
    if (this.#since === undefined) this.#tellAt = now;
    this.#since ??= now;
    const waited = (now - this.#since) / 1000;
    if (waited + intervalMilliseconds / 1000 > deadlineSeconds) throw otherwise;
    if (now >= this.#tellAt) {
      this.#tellAt += TELL_EVERY_MILLISECONDS;
      const all = members.map((member) => `${member.host.name} (${describeTrouble(member)})`);
      const who = shortened(all).join(", ");
      report("wait", `for ${who}: ${Math.round(waited)} s of at most ${deadlineSeconds} s`);
    }
    await sleep(intervalMilliseconds, undefined, { signal });
  }
}

import { Ahead } from "../common/ahead.ts";
import { fewAtOnce } from "../common/fewAtOnce.ts";
import type { AppHost } from "../host/appHost.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

/** A disk may be changed by hand, and an answer is for the roll that begins now. */
const CURRENT_MILLISECONDS = 500;

/** Which hosts have their release, intact; asked while the preflight goes on and the lease is claimed. */
export class StagedAhead {
  readonly #answers: ReadonlyMap<AppHost, Ahead<boolean | undefined> | undefined>;

  constructor(desired: DesiredRelease, hosts: readonly AppHost[], signal: AbortSignal) {
    const holds = async (host: AppHost) => host.holds?.(targetOf(desired, host.name).release);
    const answers = fewAtOnce(hosts, holds, signal).map((answer) => new Ahead(answer));
    this.#answers = new Map(hosts.map((host, index) => [host, answers[index]]));
  }

  /** `undefined` if that may have changed since. */
  holds(host: AppHost): Promise<boolean | undefined> | undefined {
    const asked = this.#answers.get(host);
    return asked?.isCurrent(CURRENT_MILLISECONDS) ? asked.answer : undefined;
  }
}

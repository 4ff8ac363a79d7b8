import type { AppHost } from "../host/appHost.ts";
import { isFinished } from "./decideStep.ts";
import { describeTrouble } from "./describeMember.ts";
import { type FleetMember, releaseBefore } from "./fleet.ts";
import type { RollContext } from "./rollContext.ts";

/** Says what the looks of a roll have found, to people and to those who follow it. */
export class FleetTelling {
  readonly #context: RollContext;
  readonly #targetOf: (host: AppHost) => string | undefined;
  readonly #finished = new Set<AppHost>();
  #hasBegun = false;

  /** `targetOf` is the release of a host that has had no turn yet. */
  constructor(context: RollContext, targetOf: (host: AppHost) => string | undefined) {
    this.#context = context;
    this.#targetOf = targetOf;
  }

  /** Whether anything was seen yet. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether a host was found to serve its release without a turn. */
  isFinished(host: AppHost): boolean {
    return this.#finished.has(host);
  }

  /** `ending` are the hosts on which something is about to stop, which is no news. */
  seen(fleet: readonly FleetMember[], ending: readonly AppHost[]): void {
    this.#tellBefore(fleet);
    this.#tellRunning(fleet.filter(({ host }) => !ending.includes(host)));
    this.#tellFinished(fleet);
  }

  warnAbout(doubtful: readonly FleetMember[]): void {
    for (const member of doubtful)
      this.#context.warn(
        `passed its gates, but does not serve now (${describeTrouble(member)})`,
        member.host,
      );
  }

  #tellBefore(fleet: readonly FleetMember[]): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const releases = fleet.map((member) => [member.host.name, releaseBefore(member)] as const);
    this.#context.onFirstLook?.(Object.fromEntries(releases.filter(([, release]) => release !== "")));
  }

  #tellRunning(fleet: readonly FleetMember[]): void {
    const { onRunning, follower } = this.#context;
    for (const { slot, state, spare, unreachable } of fleet) {
      if (state.running) onRunning?.(slot, state.running.release);
      if (spare?.running) onRunning?.(spare.slot, spare.running.release);
      if (unreachable !== undefined) continue;
      follower?.runs(slot, state.running?.release);
      if (spare) follower?.runs(spare.slot, spare.running?.release);
    }
  }

  #tellFinished(fleet: readonly FleetMember[]): void {
    for (const member of fleet) {
      const { host } = member;
      const release = this.#targetOf(host);
      if (release === undefined || this.#finished.has(host) || !isFinished(member, release)) continue;
      this.#finished.add(host);
      this.#context.report("done", `already serves ${release}`, host);
    }
  }
}

import type { AppHost, Revision } from "../host/appHost.ts";
import type { HostRoll } from "./hostRoll.ts";
import type { PhaseTimes } from "./phases.ts";

/** A host that a roll has brought to the release, and what it would go back to. */
export interface Rolled {
  readonly host: AppHost;
  readonly before: Revision | undefined;
  readonly times: PhaseTimes;
}

/** Which hosts a roll has brought to the release, and how often each. */
export class Turns {
  readonly rolled: Rolled[] = [];
  readonly counts = new Map<AppHost, number>();
  /** How many batches there have been. */
  batches = 0;
  readonly #before = new Map<AppHost, Revision | undefined>();

  /** A host in another turn is either brought to the release again or put back by its own roll. */
  begins(host: AppHost): void {
    const index = this.rolled.findIndex((done) => done.host === host);
    if (index >= 0) this.rolled.splice(index, 1);
  }

  ends({ member: { host }, times, earlier }: HostRoll): void {
    this.rolled.push({ host, times, before: earlier });
    this.#before.set(host, earlier);
    this.counts.set(host, (this.counts.get(host) ?? 0) + 1);
  }

  /** What a host ran before its first turn, if it has had one. */
  before(host: AppHost): Revision | undefined {
    return this.#before.get(host);
  }
}

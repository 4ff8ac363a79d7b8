import type { AppHost } from "../host/appHost.ts";
import type { FleetMember } from "./fleet.ts";

/** What is still being done on hosts that serve what they should, beside what comes next. */
export class Endings {
  #members: readonly FleetMember[] = [];
  #failure: Promise<unknown>;

  /** `before` is what the first host waits for as the next one does for an end. */
  constructor(before: Promise<void> = Promise.resolve()) {
    this.#failure = before;
  }

  /** The hosts as they will be; `ending` resolves to why it failed, if it did, and then they are told to `then`. */
  begin(members: readonly FleetMember[], ending: Promise<unknown>, then: (host: AppHost) => void): void {
    this.#members = members;
    this.#failure = ending.then((failure) => {
      for (const { host } of members) then(host);
      this.#members = [];
      return failure;
    });
  }

  /** Resolves once it is over, to why it failed if it did. */
  get failure(): Promise<unknown> {
    return this.#failure;
  }

  get members(): readonly FleetMember[] {
    return this.#members;
  }

  /** Whether a JVM that starts on a host meets none that is about to stop. */
  leavesAlone({ machine }: AppHost): boolean {
    return this.#members.every(
      ({ host: other }) => machine !== undefined && other.machine !== undefined && other.machine !== machine,
    );
  }

  /** Waits for the end; throws why it failed. */
  async wait(): Promise<void> {
    const failure = await this.#failure;
    if (failure !== undefined) throw failure;
  }
}

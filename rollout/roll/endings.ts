import type { AppHost } from "../host/appHost.ts";

/** What is still being done on hosts that serve what they should, beside what comes next. */
export class Endings {
  #hosts: readonly AppHost[] = [];
  #failure: Promise<unknown> = Promise.resolve();

  /** `ending` resolves to why it failed, if it did; then the hosts are told to `then`. */
  begin(hosts: readonly AppHost[], ending: Promise<unknown>, then: (host: AppHost) => void): void {
    this.#hosts = hosts;
    this.#failure = ending.then((failure) => {
      for (const host of hosts) then(host);
      this.#hosts = [];
      return failure;
    });
  }

  /** Resolves once it is over, to why it failed if it did. */
  get failure(): Promise<unknown> {
    return this.#failure;
  }

  get hosts(): readonly AppHost[] {
    return this.#hosts;
  }

  /** Whether a JVM that starts on a host meets none that is about to stop. */
  leavesAlone({ machine }: AppHost): boolean {
    return this.#hosts.every(
      (other) => machine !== undefined && other.machine !== undefined && other.machine !== machine,
    );
  }

  /** Waits for the end; throws why it failed. */
  async wait(): Promise<void> {
    const failure = await this.#failure;
    if (failure !== undefined) throw failure;
  }
}

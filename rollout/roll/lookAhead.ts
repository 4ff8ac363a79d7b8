import { Ahead } from "../common/ahead.ts";
import type { AppHost } from "../host/appHost.ts";
import type { FleetMember } from "./fleet.ts";
import type { OnRunning } from "./observe.ts";
import { type Observing, observeEach } from "./observeFleet.ts";
import type { Orders } from "./order.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

/** What a look saw may have changed by then; staging a release that is there already takes less. */
const CURRENT_MILLISECONDS = 500;

/**
 * A look at all hosts of a roll that begins before its lease is held, and goes on while that is claimed and the release
 * is staged: over SSH, each takes round trips.
 */
export class LookAhead {
  readonly #looking: Ahead<FleetMember[]>;
  readonly #over = new AbortController();

  constructor(desired: DesiredRelease, context: Observing & { readonly orders: Orders }) {
    const onRunning = askingAhead(desired, context.orders);
    const signal = AbortSignal.any([context.signal, this.#over.signal]);
    this.#looking = new Ahead(observeEach(context.hosts, { ...context, signal }, () => undefined, onRunning));
  }

  /** Asks no more: the roll is over, and so is the connection to its hosts. */
  end(): void {
    this.#over.abort();
  }

  /** The hosts, unless what it saw may have changed since. */
  ifCurrent(): Promise<FleetMember[]> | undefined {
    return this.#looking.isCurrent(CURRENT_MILLISECONDS) ? this.#looking.answer : undefined;
  }
}

/** Asks the hosts that run another release for their room, while they are asked for their health. */
export function askingAhead(desired: DesiredRelease, orders: Orders): OnRunning {
  return (host: AppHost, slot, release) => {
    if (release !== targetOf(desired, host.name).release) orders.askAhead(host, slot);
  };
}

import { Ahead } from "../common/ahead.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import { type FleetMember, isSameRevision } from "./fleet.ts";
import { isLarge, LARGE_FLEET } from "./largeFleet.ts";
import type { LookAhead } from "./lookAhead.ts";
import type { OnRunning } from "./observe.ts";
import { type Observing, observeEach } from "./observeFleet.ts";

/** How long after its end a look that began ahead is as good as one that ends now. */
const CURRENT_MILLISECONDS = 200;

/**
 * What a roll knows about its hosts. Each look asks all of them, unless the fleet is large: then it asks those that did
 * not serve when they were seen last, those that are in question, and in turn an even share of the others. If one of
 * these no longer serves, something is going on, and all are asked.
 */
export class FleetView {
  readonly #context: Observing;
  readonly #onRunning: OnRunning | undefined;
  #ahead: LookAhead | undefined;
  readonly #seen = new Map<AppHost, FleetMember>();
  /** From where hosts serve, as far as that is known: so they can be asked at once. */
  readonly #likely = new Map<AppHost, Slot>();
  /** Hosts that have been asked since the last step. */
  readonly #fresh = new Set<AppHost>();
  /** Hosts that a step is changing. */
  readonly #inHand = new Set<AppHost>();
  readonly #shares: number;
  #share = 0;
  /** The next look, if it has begun already. */
  #next: { readonly busy: readonly AppHost[]; readonly looking: Ahead<void> } | undefined;
  #waiting: Promise<void> | undefined;
  #looking: Promise<void> = Promise.resolve();

  /** `ahead` is a look at all of them, which may spare the first one. */
  constructor(context: Observing, onRunning?: OnRunning, ahead?: LookAhead) {
    this.#context = context;
    this.#onRunning = onRunning;
    this.#ahead = ahead;
    const { length } = context.hosts;
    this.#shares = isLarge(length) ? Math.ceil(length / LARGE_FLEET) : 1;
  }

  /** The hosts as they were seen last. */
  get members(): readonly FleetMember[] {
    return this.#context.hosts.flatMap((host) => this.#seen.get(host) ?? []);
  }

  /** Begins the next look, since a step that changes these hosts is about to end: it leaves them out. */
  lookAhead(busy: readonly AppHost[]): void {
    this.#fresh.clear();
    this.#next = { busy, looking: new Ahead(this.#look(new Set(busy))) };
  }

  /**
   * Looks at the fleet before a step, but not at hosts that have just been gated and are `settled` in a moment. If the look
   * began ahead, of those that were `admitted` by then it may have missed the record.
   */
  async look(settled: readonly FleetMember[] = [], admitted: readonly FleetMember[] = []): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    const begun = next?.looking.isCurrent(CURRENT_MILLISECONDS) ? next : undefined;
    if (begun) await begun.looking.answer;
    else this.#fresh.clear();
    for (const member of settled) {
      this.#seen.set(member.host, member);
      this.#likely.set(member.host, member.slot);
      this.#fresh.add(member.host);
    }
    const known = new Set(settled.map(({ host }) => host));
    const missed = admitted.filter((member) => begun && !this.#completes(member)).map(({ host }) => host);
    if (begun) await this.#ask([...begun.busy.filter((host) => !known.has(host)), ...missed]);
    else await this.#look(known);
    this.#inHand.clear();
    for (const { host } of settled) this.#inHand.add(host);
  }

  /** Asks those of these hosts that haven't been asked since the last step; returns whether there were any. */
  async confirm(hosts: readonly AppHost[]): Promise<boolean> {
    const open = hosts.filter((host) => !this.#fresh.has(host));
    await this.#ask(open);
    return open.length > 0;
  }

  /** Looks once more, for all that ask at the same time. */
  async lookAgain(): Promise<void> {
    // A look that has begun may have missed what the caller knows.
    this.#waiting ??= this.#looking.then(() => {
      this.#waiting = undefined;
      const look = this.#look();
      this.#looking = look.catch(() => {});
      return look;
    });
    await this.#waiting;
  }

  /** From now on and until the next step, the host changes. */
  changes(host: AppHost): void {
    this.#inHand.add(host);
  }

  /** From where a host is likely to serve. */
  slotOf(host: AppHost): Slot | undefined {
    return this.#likely.get(host);
  }

  /** A step has left a host serving from this slot. */
  serves(host: AppHost, slot: Slot): void {
    this.#likely.set(host, slot);
  }

  /** Adds what was recorded of a host since it was seen; returns false if it did not serve this, or was not seen. */
  #completes({ host, state: { lastKnownGood } }: FleetMember): boolean {
    const seen = this.#seen.get(host);
    if (!seen?.serving || !this.#fresh.has(host) || !lastKnownGood) return false;
    if (!isSameRevision(seen.state.running, lastKnownGood)) return false;
    this.#seen.set(host, { ...seen, state: { ...seen.state, lastKnownGood } });
    return true;
  }

  async #look(known: ReadonlySet<AppHost> = new Set()): Promise<void> {
    const share = this.#share++ % this.#shares;
    const { hosts } = this.#context;
    const asked = hosts.filter(
      (host, index) =>
        !known.has(host) &&
        (index % this.#shares === share || this.#inHand.has(host) || !this.#seen.get(host)?.serving),
    );
    const serving = asked.filter((host) => this.#seen.get(host)?.serving && !this.#inHand.has(host));
    await this.#ask(asked);
    if (serving.every((host) => this.#seen.get(host)?.serving)) return;
    await this.#ask(hosts.filter((host) => !asked.includes(host)));
  }

  #observe(hosts: readonly AppHost[]): Promise<FleetMember[]> {
    return observeEach(hosts, this.#context, (host) => this.slotOf(host), this.#onRunning);
  }

  /** For the first look, which asks every host. */
  #lookedAhead(): Promise<FleetMember[]> | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead?.ifCurrent();
  }

  async #ask(hosts: readonly AppHost[]): Promise<void> {
    const members = await (this.#lookedAhead() ?? this.#observe(hosts));
    for (const member of members) {
      this.#likely.set(member.host, member.slot);
      this.#seen.set(member.host, member);
      this.#fresh.add(member.host);
    }
  }
}

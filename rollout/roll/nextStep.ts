import { inOrder } from "../common/inOrder.ts";
import type { AppHost } from "../host/appHost.ts";
import { batchSize } from "../request/batch.ts";
import { decideStep, isFinished, type Step } from "./decideStep.ts";
import type { FleetMember } from "./fleet.ts";
import { FleetTelling } from "./fleetTelling.ts";
import type { FleetView } from "./fleetView.ts";
import type { RollContext } from "./rollContext.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";
import type { Turns } from "./turns.ts";

/** Decides each step of a roll anew, by the current state of all hosts. */
export class NextStep {
  readonly #context: RollContext;
  readonly #view: FleetView;
  readonly #turns: Turns;
  readonly #telling: FleetTelling;
  readonly #releaseOf: (host: AppHost) => string;
  /** The question whether the lease is held that was asked with the next look. */
  #isHeld: Promise<void> | undefined;

  constructor(desired: DesiredRelease, context: RollContext, view: FleetView, turns: Turns) {
    this.#context = context;
    this.#view = view;
    this.#turns = turns;
    this.#releaseOf = ({ name }) => targetOf(desired, name).release;
    this.#telling = new FleetTelling(context, (host) =>
      turns.counts.has(host) ? undefined : this.#releaseOf(host),
    );
  }

  /** The hosts that are still to be rolled. */
  get left(): AppHost[] {
    const { hosts } = this.#context;
    return hosts.filter((host) => !this.#turns.counts.has(host) && !this.#telling.isFinished(host));
  }

  /**
   * By a look at the fleet that is recent enough for what it decides: a host is touched, or the roll ends. `ending` are
   * hosts as they will be in a moment, `admitted` those that were admitted when the look ahead began, as they are now.
   */
  async decide(ending: readonly FleetMember[], admitted: readonly FleetMember[] = []): Promise<Step> {
    const { ahead, assertHeld, assertHeldLately } = this.#context;
    // The lease is asked for at the same time, since the step follows at once; by then it may have been claimed just now.
    const isClaimed = ahead && !this.#telling.hasBegun;
    const isHeld = this.#isHeld?.then(assertHeldLately) ?? (isClaimed ? assertHeldLately() : assertHeld());
    this.#isHeld = undefined;
    await inOrder(isHeld, this.#view.look(ending, admitted));
    let step = await this.#decide(hostsIn(ending));
    while (await this.#view.confirm(step.kind === "roll" ? hostsIn(step.members) : this.#context.hosts))
      step = await this.#decide(hostsIn(ending));
    return step;
  }

  /**
   * What decides about the next step is asked with the last questions to the hosts of this one, if others are left; or, once
   * these are `admitted`, while that is recorded, and then they are asked, too.
   */
  lookAhead(members: readonly FleetMember[], areAdmitted = false): void {
    const { hooks } = this.#context.policy;
    // They may take long.
    if (hooks?.afterHost?.length) return;
    if (this.left.every((host) => hostsIn(members).includes(host))) return;
    this.#view.lookAhead(areAdmitted ? [] : hostsIn(members));
    this.#isHeld = this.#context.assertHeld();
    this.#isHeld.catch(() => {});
  }

  warnAbout(doubtful: readonly FleetMember[]): void {
    this.#telling.warnAbout(doubtful);
  }

  async #decide(ending: readonly AppHost[]): Promise<Step> {
    const { orders, policy } = this.#context;
    const fleet = this.#view.members;
    this.#telling.seen(fleet, ending);
    await orders.decide(fleet.filter((member) => !isFinished(member, this.#releaseOf(member.host))));
    return decideStep(fleet, {
      releaseOf: this.#releaseOf,
      minimumHealthy: policy.minimumHealthy,
      turns: this.#turns.counts,
      batchSize: batchSize(policy.batch, this.#turns.batches, fleet.length),
      startsFirst: (member) => orders.startsFirst(member),
    });
  }
}

/** The hosts of some members. */
export function hostsIn(members: readonly FleetMember[]): AppHost[] {
  return members.map(({ host }) => host);
}

import { messageOf, type RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import type { AppHost, Revision } from "../host/appHost.ts";
import { batchSize } from "../request/batch.ts";
import { BatchProgress } from "./batchProgress.ts";
import { decideStep, isFinished, type Step } from "./decideStep.ts";
import { Endings } from "./endings.ts";
import { mayFallBack } from "./fallBack.ts";
import { type FleetMember, releaseBefore } from "./fleet.ts";
import { FleetTelling } from "./fleetTelling.ts";
import { FleetView } from "./fleetView.ts";
import type { HostRoll } from "./hostRoll.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import { askingAhead } from "./lookAhead.ts";
import { TooFewPeers } from "./peers.ts";
import type { PhaseTimes } from "./phases.ts";
import type { RollContext } from "./rollContext.ts";
import { rollTogether } from "./rollTogether.ts";
import { settled } from "./settled.ts";
import { type DesiredRelease, type Target, targetOf } from "./targets.ts";
import { Waiting } from "./waiting.ts";

/** Starting JVMs compete for processors and memory, and hosts may share a machine. */
const TOGETHER = 4;

/** A host that this roll has brought to the release, and what it would go back to. */
export interface Rolled {
  readonly host: AppHost;
  readonly before: Revision | undefined;
  readonly times: PhaseTimes;
}

/**
 * Brings every host to the release. Each step is decided anew by the current state of all hosts; `rolled` lists what
 * has been done, even if this throws.
 */
export class HostsRoll {
  readonly rolled: Rolled[] = [];
  readonly #desired: DesiredRelease;
  readonly #context: RollContext;
  readonly #view: FleetView;
  readonly #progress: BatchProgress;
  readonly #turns = new Map<AppHost, number>();
  readonly #before = new Map<AppHost, Revision | undefined>();
  readonly #endings = new Endings();
  /** Hosts that were still being ended when the fleet was looked at last. */
  #open: readonly AppHost[] = [];
  readonly #telling: FleetTelling;
  /** The question whether the lease is held that was asked with the next look. */
  #isHeld: Promise<void> | undefined;
  #batches = 0;

  constructor(desired: DesiredRelease, context: RollContext) {
    this.#desired = desired;
    this.#view = new FleetView(context, askingAhead(desired, context.orders), context.ahead);
    this.#context = { ...context, view: this.#view };
    this.#progress = new BatchProgress(context);
    this.#telling = new FleetTelling(context, (host) =>
      this.#turns.has(host) ? undefined : this.#targetOf(host).release,
    );
  }

  /** The hosts as they were seen last. */
  get fleet(): readonly FleetMember[] {
    return this.#view.members;
  }

  async run(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      const failure = await this.#endings.failure;
      if (failure === undefined || failure === error) throw error;
      if (!(error instanceof HostRollFailed)) throw failure;
      this.#context.warn(messageOf(failure));
      throw error;
    }
  }

  async #run(): Promise<void> {
    const waiting = new Waiting(this.#context);
    for (;;) {
      this.#context.signal.throwIfAborted();
      if (this.#left.length === 0) {
        await this.#endings.wait();
        this.#context.onLastLook?.();
      }
      const step = await this.#nextStep();
      // What was seen of hosts that were about to be done decides nothing but what comes next.
      if (
        this.#open.length > 0 &&
        (step.kind !== "roll" || hostsIn(step.members).some((host) => this.#open.includes(host)))
      ) {
        await this.#endings.wait();
        continue;
      }
      if (step.kind === "fail") throw step.error;
      if (step.kind === "finish") return this.#telling.warnAbout(step.doubtful);
      if (step.kind === "wait") {
        await waiting.goOn(step.members, step.otherwise);
      } else {
        waiting.isOver();
        // It may have taken long.
        if (await this.#beforeRoll(step.members)) continue;
        this.#progress.begins(step.members);
        const done = await this.#rollTogether(step.members);
        this.#batches++;
        this.#progress.ends(done.length, this.#left.length);
      }
    }
  }

  /** By a look at the fleet that is recent enough for what it decides: a host is touched, or the roll ends. */
  async #nextStep(): Promise<Step> {
    const { members } = this.#endings;
    this.#open = hostsIn(members);
    const { ahead, assertHeld, assertHeldLately } = this.#context;
    // The lease is asked for at the same time, since the step follows at once; by then it may have been claimed just now.
    const isHeld = this.#isHeld ?? (ahead && !this.#telling.hasBegun ? Promise.resolve() : assertHeld());
    this.#isHeld = undefined;
    await inOrder(isHeld.then(assertHeldLately), this.#view.look(members));
    let step = await this.#decide();
    while (await this.#view.confirm(step.kind === "roll" ? hostsIn(step.members) : this.#context.hosts))
      step = await this.#decide();
    return step;
  }

  /** What decides about the next step is asked with the last questions to the hosts of this one, if others are left. */
  #lookAhead(members: readonly FleetMember[]): void {
    const { hooks } = this.#context.policy;
    // They may take long.
    if (hooks?.afterHost?.length) return;
    if (this.#left.every((host) => hostsIn(members).includes(host))) return;
    this.#view.lookAhead(hostsIn(members));
    this.#isHeld = this.#context.assertHeld();
    this.#isHeld.catch(() => {});
  }

  async #decide(): Promise<Step> {
    const { orders, policy } = this.#context;
    const fleet = this.#view.members;
    this.#telling.seen(fleet, this.#open);
    await orders.decide(fleet.filter((member) => !this.#isFinished(member)));
    return decideStep(fleet, {
      releaseOf: (host) => this.#targetOf(host).release,
      minimumHealthy: policy.minimumHealthy,
      turns: this.#turns,
      batchSize: batchSize(policy.batch, this.#batches, fleet.length),
      startsFirst: (member) => orders.startsFirst(member),
    });
  }

  async #beforeRoll([first]: readonly FleetMember[]): Promise<boolean> {
    const { hooks } = this.#context;
    if (!hooks || !first) return false;
    return hooks.beforeRoll(first.host, releaseBefore(first));
  }

  /** Returns those that run the release now; others take traffic as before. */
  async #rollTogether(members: readonly FleetMember[]): Promise<readonly HostRoll[]> {
    for (const { host } of members) {
      this.#forget(host);
      this.#view.changes(host);
    }
    const soaked = new Set<AppHost>();
    const startsUnasked = !mayFallBack(this.#view.members);
    const hosts = members.map((member) => ({
      member,
      revision: { release: this.#targetOf(member.host).release, launch: member.host.launch },
      context: this.#contextOf(member.host),
      beforeFirstTurn: this.#before.get(member.host),
      startsBeside: this.#endings.leavesAlone(member.host),
      startsUnasked,
      onLast: () => {
        soaked.add(member.host);
        if (soaked.size === members.length) this.#lookAhead(members);
      },
    }));
    const starting = members.some(({ state }) => !state.running);
    const before = this.#endings.failure;
    const atOnce = starting ? TOGETHER : members.length;
    const { done, failure, ending } = await rollTogether(hosts, atOnce, before);
    for (const { member, times, earlier, slot } of done) {
      const { host } = member;
      this.#view.serves(host, slot);
      this.rolled.push({ host, times, before: earlier });
      this.#before.set(host, earlier);
      this.#turns.set(host, (this.#turns.get(host) ?? 0) + 1);
    }
    const isDone = (host: AppHost) => this.#context.follower?.isDone(host);
    if (!ending) for (const { member } of done) isDone(member.host);
    if (failure !== undefined) throw failure;
    await this.#endings.wait();
    if (ending)
      this.#endings.begin(
        done.map((one) => this.#settled(one)),
        ending,
        isDone,
      );
    this.#context.onFinished?.();
    return done;
  }

  #settled({ member, slot }: HostRoll): FleetMember {
    const { host } = member;
    return settled(member, { release: this.#targetOf(host).release, launch: host.launch }, slot);
  }

  /** A host in another turn is either brought to the release again or put back by its own roll. */
  #forget(host: AppHost): void {
    const index = this.rolled.findIndex((done) => done.host === host);
    if (index >= 0) this.rolled.splice(index, 1);
  }

  /** The hosts that are still to be rolled. */
  get #left(): AppHost[] {
    const { hosts } = this.#context;
    return hosts.filter((host) => !this.#turns.has(host) && !this.#telling.isFinished(host));
  }

  #targetOf({ name }: AppHost): Target {
    return targetOf(this.#desired, name);
  }

  #isFinished(member: FleetMember): boolean {
    return isFinished(member, this.#targetOf(member.host).release);
  }

  /** A canary may have a soak of its own. */
  #contextOf(host: AppHost): RollContext {
    const { policy, ...rest } = this.#context;
    const { soakSeconds = policy.timing.soakSeconds } = this.#targetOf(host);
    return { ...rest, policy: { ...policy, timing: { ...policy.timing, soakSeconds } } };
  }
}

function hostsIn(members: readonly FleetMember[]): AppHost[] {
  return members.map(({ host }) => host);
}

/** The hosts that a failure's own message names. */
export function hostsNamedBy(error: RollgateError): readonly string[] {
  if (error instanceof HostRollFailed || error instanceof TooFewPeers) return error.hosts;
  return [];
}

import { messageOf, type RollgateError } from "../common/errors.ts";
import type { AppHost } from "../host/appHost.ts";
import { BatchProgress } from "./batchProgress.ts";
import { Endings } from "./endings.ts";
import { mayFallBack } from "./fallBack.ts";
import { type FleetMember, releaseBefore } from "./fleet.ts";
import { FleetView } from "./fleetView.ts";
import type { HostRoll } from "./hostRoll.ts";
import { HostRollFailed } from "./hostRollFailed.ts";
import { askingAhead } from "./lookAhead.ts";
import { hostsIn, NextStep } from "./nextStep.ts";
import { TooFewPeers } from "./peers.ts";
import type { RollContext } from "./rollContext.ts";
import { rollTogether } from "./rollTogether.ts";
import { settled } from "./settled.ts";
import { type DesiredRelease, type Target, targetOf } from "./targets.ts";
import { type Rolled, Turns } from "./turns.ts";
import { Waiting } from "./waiting.ts";

/** Starting JVMs compete for processors and memory, and hosts may share a machine. */
const TOGETHER = 4;

/** Brings every host to the release; `rolled` lists what has been done, even if this throws. */
export class HostsRoll {
  readonly #desired: DesiredRelease;
  readonly #context: RollContext;
  readonly #view: FleetView;
  readonly #progress: BatchProgress;
  readonly #turns = new Turns();
  readonly #next: NextStep;
  readonly #endings: Endings;
  /** Hosts that were just admitted as the next look began, as they are by now. */
  #admitted: readonly FleetMember[] = [];

  constructor(desired: DesiredRelease, context: RollContext) {
    this.#desired = desired;
    this.#endings = new Endings(context.counting);
    this.#view = new FleetView(context, askingAhead(desired, context.orders), context.ahead);
    this.#context = { ...context, view: this.#view };
    this.#progress = new BatchProgress(context);
    this.#next = new NextStep(desired, this.#context, this.#view, this.#turns);
  }

  get rolled(): readonly Rolled[] {
    return this.#turns.rolled;
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
      if (this.#next.left.length === 0) {
        await this.#endings.wait();
        this.#context.onLastLook?.();
      }
      const { members } = this.#endings;
      const admitted = this.#admitted;
      this.#admitted = [];
      const step = await this.#next.decide(members, admitted);
      // What was seen of hosts that were about to be done decides nothing but what comes next.
      const touched = step.kind === "roll" ? hostsIn(step.members) : hostsIn(members);
      if (hostsIn(members).some((host) => touched.includes(host))) {
        await this.#endings.wait();
        continue;
      }
      if (step.kind === "fail") throw step.error;
      if (step.kind === "finish") return this.#next.warnAbout(step.doubtful);
      if (step.kind === "wait") {
        await waiting.goOn(step.members, step.otherwise);
      } else {
        waiting.isOver();
        // It may have taken long.
        if (await this.#beforeRoll(step.members)) continue;
        this.#progress.begins(step.members);
        const done = await this.#rollTogether(step.members);
        this.#turns.batches++;
        this.#progress.ends(done.length, this.#next.left.length);
      }
    }
  }

  async #beforeRoll([first]: readonly FleetMember[]): Promise<boolean> {
    const { hooks } = this.#context;
    if (!hooks || !first) return false;
    return hooks.beforeRoll(first.host, releaseBefore(first));
  }

  /** Returns those that run the release now; others take traffic as before. */
  async #rollTogether(members: readonly FleetMember[]): Promise<readonly HostRoll[]> {
    for (const { host } of members) {
      this.#turns.begins(host);
      this.#view.changes(host);
    }
    const [soaked, admitted] = [new Set<AppHost>(), new Set<AppHost>()];
    // The others of a batch may change the mix of slots, and raise the flag, before one of them starts.
    const startsUnasked = members.length === 1 && !mayFallBack(this.#view.members);
    const hosts = members.map((member) => ({
      member,
      revision: { release: this.#targetOf(member.host).release, launch: member.host.launch },
      context: this.#contextOf(member.host),
      beforeFirstTurn: this.#turns.before(member.host),
      startsBeside: this.#endings.leavesAlone(member.host),
      startsUnasked,
      endsAlone: members.length === 1,
      onLast: () => {
        soaked.add(member.host);
        if (soaked.size === members.length) this.#next.lookAhead(members);
      },
      onAdmitted: () => {
        admitted.add(member.host);
        if (admitted.size < members.length) return;
        this.#context.onFinished?.();
        this.#next.lookAhead(members, true);
      },
    }));
    const starting = members.some(({ state }) => !state.running);
    const before = this.#endings.failure;
    const atOnce = starting ? TOGETHER : members.length;
    const { done, failure, ending } = await rollTogether(hosts, atOnce, before);
    for (const one of done) {
      this.#view.serves(one.member.host, one.slot);
      this.#turns.ends(one);
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
    this.#admitted = admitted.size === members.length ? done.map((one) => this.#settled(one)) : [];
    if (admitted.size < members.length) this.#context.onFinished?.();
    return done;
  }

  #settled({ member, slot }: HostRoll): FleetMember {
    const { host } = member;
    return settled(member, { release: this.#targetOf(host).release, launch: host.launch }, slot);
  }

  #targetOf({ name }: AppHost): Target {
    return targetOf(this.#desired, name);
  }

  /** A canary may have a soak of its own. */
  #contextOf(host: AppHost): RollContext {
    const { policy, ...rest } = this.#context;
    const { soakSeconds = policy.timing.soakSeconds } = this.#targetOf(host);
    return { ...rest, policy: { ...policy, timing: { ...policy.timing, soakSeconds } } };
  }
}

/** The hosts that a failure's own message names. */
export function hostsNamedBy(error: RollgateError): readonly string[] {
  if (error instanceof HostRollFailed || error instanceof TooFewPeers) return error.hosts;
  return [];
}

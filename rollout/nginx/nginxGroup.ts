import pLimit from "p-limit";
import { RollgateError } from "../common/errors.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import type { RequestCounter } from "../ledger/requestCounter.ts";
import type { StatusFile } from "../status/statusFile.ts";
import { GroupMembers, nameOf } from "./groupMembers.ts";
import type { OneNginx } from "./oneNginx.ts";
import type { Drains, ReverseProxy, RollOfProxy, UpstreamState } from "./reverseProxy.ts";
import { STANDBY_FLAG } from "./standby.ts";

const ANSWER_MILLISECONDS = 5_000;

/**
 * The nginx in front of a fleet, with the same drains in all of them. During a roll, one that is lost is left out as
 * long as another one is left. The flags that it misses are written as soon as its machine can be reached, whether
 * nginx runs or not, so that it starts with the right ones; it takes part again once it agrees with the others.
 */
export class NginxGroup implements ReverseProxy {
  readonly url: string;
  readonly name: string;
  readonly #members: GroupMembers;
  #roll: RollOfProxy | undefined;
  #isGuarded = false;
  /** One change at a time: a host that is about to start often asks for what another one has just asked for. */
  readonly #standing = pLimit(1);

  constructor(each: readonly [OneNginx, ...OneNginx[]]) {
    this.#members = new GroupMembers(each);
    this.url = each[0].url;
    this.name = nameOf(this.#members.all);
  }

  async preflight(hosts: readonly AppHost[], signal: AbortSignal): Promise<void> {
    this.#members.hosts = hosts;
    const asked = this.#members.all.map(({ nginx }) => nginx.preflight(hosts, signal));
    const answers = await Promise.allSettled(asked);
    const reasons = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    const bug = reasons.find((reason) => !(reason instanceof RollgateError));
    if (bug !== undefined || reasons.length === 1) throw bug ?? reasons[0];
    if (reasons.length === 0) return;
    const messages = reasons.map(({ message }) => message);
    throw new RollgateError(reasons[0].code, messages.join("; "), { cause: new AggregateError(reasons) });
  }

  get isOne(): boolean {
    return this.#members.all.length === 1;
  }

  get hasLost(): boolean {
    return this.#members.lost.length > 0;
  }

  get counters(): RequestCounter[] {
    return this.#members.all.flatMap(({ nginx }) => nginx.ledger ?? []);
  }

  get statusFiles(): StatusFile[] {
    return this.#members.all.flatMap(({ nginx }) => nginx.status ?? []);
  }

  get isGuarded(): boolean {
    return this.#isGuarded;
  }

  /** The lease is beside one of several, and the others would be changed without it. */
  begin(roll: RollOfProxy): void {
    this.#roll = roll;
    const [only, ...others] = this.#members.all;
    this.#isGuarded = others.length === 0 && only?.nginx.guardBy?.(roll.guard) === true;
    this.#members.begin(roll);
    // Nobody else changes it from now on, and it is hardly ever on: only if a deployer died during a soak.
    if (this.#members.hosts.some(({ second }) => second))
      void this.#standing(() => this.#members.learn(STANDBY_FLAG, (nginx) => nginx.standsBy()));
  }

  async end(patienceMilliseconds: number): Promise<readonly string[]> {
    await this.#members.end(patienceMilliseconds);
    this.#isGuarded = false;
    for (const { nginx } of this.#members.all) nginx.guardBy?.(undefined);
    return this.#members.lost.map(({ name, lost }) => {
      const drains = lost?.isWritable ? "It will start with the right drains" : "Its drains may be old";
      return `${name} was lost during the roll and is not back (${lost?.reason}). ${drains}: see to it, then run \`pulumi up\``;
    });
  }

  async drained(signal: AbortSignal): Promise<Drains> {
    const answers = await this.#members.ask(async (member) => ({
      url: member.nginx.url,
      drained: await member.drained(signal),
    }));
    const [everywhere, partly] = [new Set<string>(), new Map<string, string[]>()];
    for (const slot of new Set(answers.flatMap(({ drained }) => [...drained]))) {
      const urls = answers.filter(({ drained }) => drained.has(slot)).map(({ url }) => url);
      if (urls.length === answers.length) everywhere.add(slot);
      else partly.set(slot, urls);
    }
    return { everywhere, partly };
  }

  async drain(slot: Slot): Promise<void> {
    await this.#members.flag(slot.name, true, (nginx) => nginx.drain(slot));
    await this.#members.requireSilence(slot);
    this.#roll?.drains?.(slot);
  }

  async admit(slot: Slot, release?: string): Promise<void> {
    this.#roll?.admits?.(slot, release);
    if (release !== undefined) {
      for (const { nginx } of this.#members.all) nginx.answers(slot, release);
    }
    await this.#members.flag(slot.name, false, (nginx) => nginx.admit(slot));
  }

  async standBy(isOn: boolean): Promise<void> {
    await this.#standing(async () => {
      if (this.#members.have(STANDBY_FLAG, isOn)) return;
      await this.#members.flag(STANDBY_FLAG, isOn, (nginx) => nginx.standBy(isOn));
    });
  }

  async connections(slot: Slot): Promise<number> {
    const { all } = this.#members;
    const counts = await this.#members.ask(async (member) => ({
      member,
      count: await member.nginx.connections(slot),
    }));
    // On the machine of an nginx that is gone, nobody can tell whose connections they are.
    if (all.length > 1 && counts.some(({ count }) => count > 0))
      await this.drained(AbortSignal.timeout(ANSWER_MILLISECONDS));
    const present = counts.filter(({ member }) => !member.lost).map(({ count }) => count);
    // One that hangs still has its own.
    const hanging = this.#members.lost.filter(({ lost }) => lost?.isWritable && lost.isListening);
    const others = await Promise.all(hanging.map(({ nginx }) => nginx.connections(slot).catch(() => 0)));
    return [...present, ...others].reduce((sum, count) => sum + count, 0);
  }

  async upstream(slot: Slot, signal: AbortSignal): Promise<UpstreamState> {
    const { all, present } = this.#members;
    const views = await Promise.all(
      present.map(async (member) => ({ member, view: await member.nginx.upstream(slot, signal) })),
    );
    const up = views.find(({ view }) => view.up);
    const down = views.filter(({ view }) => !view.up);
    // An nginx that is lost sees nothing, which says nothing about the slot.
    const lost = up && (await Promise.all(down.map(({ member }) => this.#members.isLost(member, signal))));
    const seen = down.find((_, index) => !lost?.[index]) ?? up;
    if (!seen) return { up: false, detail: "no nginx is left" };
    const { member, view } = seen;
    if (view.up || all.length === 1) return view;
    return { ...view, detail: `${view.detail} (${member.name})`, ...(up && { isDisputed: true }) };
  }
}

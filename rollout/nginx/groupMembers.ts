import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "../common/errors.ts";
import type { AppHost, Slot } from "../host/appHost.ts";
import { GroupMember, isLoss } from "./groupMember.ts";
import type { OneNginx } from "./oneNginx.ts";
import type { RollOfProxy } from "./reverseProxy.ts";

const LOOK_MILLISECONDS = 500;
const ANSWER_MILLISECONDS = 3_000;

/** The members of a group of nginx: those that take part in a roll, and those that it has lost and looks after. */
export class GroupMembers {
  readonly all: readonly GroupMember[];
  /** What has to be seen as the others see it by one that is back. */
  hosts: readonly AppHost[] = [];
  /** The flags that this roll has changed. */
  readonly #wanted = new Map<string, boolean>();
  #roll: RollOfProxy | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;

  constructor(each: readonly OneNginx[]) {
    this.all = each.map((nginx) => new GroupMember(nginx));
  }

  get present(): GroupMember[] {
    return this.all.filter(({ lost }) => !lost);
  }

  get lost(): GroupMember[] {
    return this.all.filter(({ lost }) => lost);
  }

  begin(roll: RollOfProxy): void {
    this.#roll = roll;
    // Until now, nobody was told of those that did not answer, nor looked after them.
    for (const member of this.all) member.lost = undefined;
  }

  /** Stops looking after those that are lost, once all are back or the time is over. */
  async end(patienceMilliseconds: number): Promise<void> {
    const deadline = performance.now() + patienceMilliseconds;
    while (this.lost.length > 0 && performance.now() < deadline) await sleep(LOOK_MILLISECONDS / 5);
    this.#roll = undefined;
    await this.#looking;
  }

  /** Asks all that are present. Those that turn out to be lost are left out, but never the last one. */
  async ask<T>(work: (member: GroupMember) => Promise<T>): Promise<T[]> {
    const { present } = this;
    const answers = await Promise.allSettled(present.map(work));
    const failures = answers.flatMap((answer, index) => {
      const member = present[index];
      return answer.status === "rejected" && member ? [{ member, error: answer.reason }] : [];
    });
    const other = failures.find(({ error }) => !isLoss(error));
    if (other) throw other.error;
    const [first] = failures;
    if (first && failures.length === present.length) throw first.error;
    for (const { member, error } of failures) if (!(await this.#lose(member, error))) throw error;
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }

  /** Asks one again whether it is lost, and leaves it out if so. */
  async isLost(member: GroupMember, signal: AbortSignal): Promise<boolean> {
    try {
      await member.drained(signal);
      return false;
    } catch (error) {
      return isLoss(error) && !signal.aborted && this.#lose(member, error);
    }
  }

  /** Whether this roll has given all of them a flag like that already. */
  have(flag: string, isRaised: boolean): boolean {
    const wanted = new Map([[flag, isRaised]]);
    return (
      this.#wanted.get(flag) === isRaised && this.all.every((member) => !member.lost && member.has(wanted))
    );
  }

  /** Finds out whether all of them lack a flag, which then need not be lowered. Never throws. */
  async learn(flag: string, isRaised: (nginx: OneNginx) => Promise<boolean>): Promise<void> {
    this.#wanted.delete(flag);
    const asked = await Promise.allSettled(
      this.all.map(async (member) => member.knows(flag, await isRaised(member.nginx))),
    );
    const isKnown = asked.every(({ status }) => status === "fulfilled");
    if (isKnown && this.all.every((member) => !member.drains(flag))) this.#wanted.set(flag, false);
  }

  /** Changes a flag in all of them, even in those that are lost, if their disks can be written. */
  async flag(flag: string, isRaised: boolean, change: (nginx: OneNginx) => Promise<void>): Promise<void> {
    this.#wanted.set(flag, isRaised);
    await this.ask(async (member) => {
      await change(member.nginx);
      member.knows(flag, isRaised);
    });
    await Promise.all(this.lost.map((member) => member.lost?.isWritable && this.#catchUp(member)));
  }

  /**
   * While an application is replaced, nobody may send requests to it. An nginx whose flags can't be written must not be
   * serving then, which only the others can see.
   */
  async requireSilence({ name: slot }: Slot): Promise<void> {
    for (const member of this.lost) {
      if (!member.lost || member.lost.isWritable || member.drains(slot)) continue;
      const { url } = member.nginx;
      const seen = await Promise.all(this.present.map(({ nginx }) => nginx.reaches(url).catch(() => false)));
      if (!seen.includes(true)) continue;
      throw new RollgateError(
        "nginx-stale",
        `${member.name} still answers clients, but its machine can't be reached, so it would go on sending them to ${slot} (${member.lost.reason})`,
      );
    }
  }

  /** Returns whether it is left out. */
  async #lose(member: GroupMember, error: RollgateError): Promise<boolean> {
    if (member.lost) return true;
    const others = this.present.filter((each) => each !== member);
    if (others.length === 0) return false;
    member.lose(error);
    const isNamed = error.message.includes(member.nginx.url);
    const what = isNamed ? error.message : `${member.name} is lost: ${error.message}`;
    this.#roll?.tell(`${what}; the roll goes on with ${nameOf(others)}`);
    await this.#catchUp(member);
    this.#watch();
    return true;
  }

  async #catchUp(member: GroupMember): Promise<void> {
    const roll = this.#roll;
    if (!roll) return;
    await member.writeFlags(this.#wanted, () => roll.assertHeld());
    if (!member.lost?.isWritable || !(await this.#agrees(member))) return;
    // Flags may have changed while it was asked, and hosts of one batch may find it back at the same time.
    if (!member.lost || !member.has(this.#wanted)) return;
    member.lost = undefined;
    roll.tell(`${member.name} is back, with the right drains`);
  }

  /** Whether one that was lost answers, and sees up what another one sees up. */
  async #agrees(member: GroupMember): Promise<boolean> {
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    try {
      const drained = await member.drained(signal);
      const slots = this.hosts.flatMap((host) => [host, host.second ?? []].flat());
      const serving = slots.filter(({ name }) => !drained.has(name));
      const agreed = serving.map(async (slot) => {
        const views = await Promise.all(
          [member, ...this.present].map(({ nginx }) => nginx.upstream(slot, signal)),
        );
        return views[0]?.up === true || views.every(({ up }) => !up);
      });
      return (await Promise.all(agreed)).every(Boolean);
    } catch (error) {
      if (!(error instanceof RollgateError)) throw error;
      return false;
    }
  }

  /** Until the roll ends, because it may wait for something else meanwhile. */
  #watch(): void {
    if (this.#isLooking || !this.#roll) return;
    this.#isLooking = true;
    this.#looking = this.#look().finally(() => {
      this.#isLooking = false;
    });
    // A bug is thrown when the roll ends.
    this.#looking.catch(() => {});
  }

  async #look(): Promise<void> {
    while (this.#roll && this.lost.length > 0) {
      await sleep(LOOK_MILLISECONDS);
      if (this.#roll) await Promise.all(this.lost.map((member) => this.#catchUp(member)));
    }
  }
}

/** What to call some of them in messages. */
export function nameOf(members: readonly GroupMember[]): string {
  return `nginx at ${members.map(({ nginx }) => nginx.url).join(" and ")}`;
}

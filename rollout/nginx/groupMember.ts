import pLimit from "p-limit";
import { messageOf, RollgateError } from "../common/errors.ts";
import type { OneNginx } from "./oneNginx.ts";
import { STANDBY_FLAG } from "./standby.ts";

/** What happens to an nginx, or to its machine, that says nothing about the hosts behind it. */
const LOSSES = ["nginx-unreachable", "machine-unreachable", "container-unreachable", "overdue", "hangs"];

/** Whether an error means that an nginx is lost, rather than that it does not do what it should. */
export function isLoss(error: unknown): error is RollgateError {
  return error instanceof RollgateError && LOSSES.includes(error.code);
}

/** An nginx that a roll goes on without. */
interface Loss {
  readonly reason: string;
  /** Whether the last flag could be written. */
  isWritable: boolean;
  /** Whether it may still have connections, as one that hangs. */
  isListening: boolean;
}

/** One nginx of a group, the flags that are known to be on its disk, and whether it is lost. */
export class GroupMember {
  readonly nginx: OneNginx;
  lost: Loss | undefined;
  readonly #flags = new Map<string, boolean>();
  /** One at a time, so that a flag can't be overwritten by an older value. */
  readonly #inTurn = pLimit(1);

  constructor(nginx: OneNginx) {
    this.nginx = nginx;
  }

  get name(): string {
    return `nginx at ${this.nginx.url}`;
  }

  /** Records what it drains, or what was changed. */
  knows(flag: string, isRaised: boolean): void {
    this.#flags.set(flag, isRaised);
  }

  async drained(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const slots = await this.nginx.drained(signal);
    for (const flag of this.#flags.keys()) if (flag !== STANDBY_FLAG) this.#flags.set(flag, slots.has(flag));
    for (const slot of slots) this.#flags.set(slot, true);
    return slots;
  }

  /** Whether it is known to drain a slot, even if it should start again by itself. */
  drains(slot: string): boolean {
    return this.#flags.get(slot) === true;
  }

  lose(error: unknown): void {
    this.lost = { reason: messageOf(error), isWritable: false, isListening: true };
  }

  /** Whether these flags are known to be on its disk. */
  has(wanted: ReadonlyMap<string, boolean>): boolean {
    return [...wanted].every(([flag, isRaised]) => this.#flags.get(flag) === isRaised);
  }

  /** Writes the flags that it missed, which works while nginx itself is down. Never throws. */
  async writeFlags(wanted: ReadonlyMap<string, boolean>, assertHeld: () => Promise<void>): Promise<void> {
    await this.#inTurn(async () => {
      const { lost, nginx } = this;
      if (!lost) return;
      try {
        for (const [flag, isRaised] of wanted) {
          if (this.#flags.get(flag) === isRaised) continue;
          await assertHeld();
          await nginx.mark(flag, isRaised);
          this.#flags.set(flag, isRaised);
        }
        lost.isListening = await nginx.isListening();
        lost.isWritable = true;
      } catch (error) {
        if (!(error instanceof RollgateError)) throw error;
        lost.isWritable = false;
      }
    });
  }
}

import type { z } from "zod";
import type { Change } from "./change.ts";

/** How an app host or nginx of one kind is identified and reached: all that its resource needs to know. */
export interface Placed<Inputs, Open extends { close(): Promise<void> }> {
  /** The schema of its inputs. */
  readonly inputs: z.ZodType<Inputs>;
  /** The setting to blame if it can't be reached. */
  readonly asked: string;
  /** Settings that identify it: changing one means another one, in which nothing runs yet. */
  readonly place: readonly string[];
  /** `inputs` may come from the state. */
  open(inputs: object): Promise<Open> | Open;
  /** Further settings that make it another one, if finding that out needs I/O. */
  moved?(change: Change): Promise<readonly string[]>;
  /** Keeps the recorded state while its machine can't be reached. */
  askOrKeep?<T>(inputs: object, ask: () => Promise<T>, kept: T): Promise<T>;
  /** Removes it, or carries on if its machine is gone for good. */
  removeOrLeave?(inputs: object, remove: () => Promise<void>): Promise<void>;
  /** What the state records besides its inputs. */
  outputs?(inputs: object): Promise<object>;
}

/** The reason for rejecting the move of something that is running, which would be an outage. */
export function cannotMove(from: unknown, to: unknown): string {
  return `expected ${from}, where it is running, got ${to}: destroy the stack first, or leave it there`;
}

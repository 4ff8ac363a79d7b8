import type { z } from "zod";
import type { Change } from "./change.ts";

/** How an app host or the nginx of one kind is told from others and reached: all that its resource needs to know. */
export interface Placed<Inputs, Open extends { close(): Promise<void> }> {
  /** What the program says of it. */
  readonly inputs: z.ZodType<Inputs>;
  /** The setting that is to blame when it cannot be asked. */
  readonly asked: string;
  /** Settings that make it another one, in which nothing runs yet. */
  readonly place: readonly string[];
  /** `inputs` may be of a state. */
  open(inputs: object): Promise<Open> | Open;
  /** More settings that make it another one, when that has to be found out. */
  moved?(change: Change): Promise<readonly string[]>;
  /** What the state says is kept while its machine cannot be asked. */
  askOrKeep?<T>(inputs: object, ask: () => Promise<T>, kept: T): Promise<T>;
  /** Removes it, or goes on without it when its machine is gone for good. */
  removeOrLeave?(inputs: object, remove: () => Promise<void>): Promise<void>;
  /** What the state remembers of it beside its inputs. */
  outputs?(inputs: object): Promise<object>;
}

/** Why a place in which something runs cannot be left for another one: that would be an outage. */
export function cannotMove(from: unknown, to: unknown): string {
  return `expected ${from}, in which it runs, got ${to}: destroy the stack first, or keep it there`;
}

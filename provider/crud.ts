import type { Change, News, Olds, Values } from "#kinds/change.ts";

/** What the provider of one resource does; the shapes are Pulumi's, the engine itself does not import it. */
export interface Crud {
  /** Completes what the program says, or says what is wrong with it; changes nothing. */
  readonly check?: (change: Change) => Promise<CheckAnswer>;
  readonly diff: (change: Change) => Promise<Difference>;
  /** Makes it, or changes it into what the program says. */
  readonly create: (news: News) => Promise<Created>;
  /** What is there now. */
  readonly read: (id: string, olds: Olds) => Promise<Found>;
  readonly remove?: (olds: Olds) => Promise<void>;
}

export interface CheckAnswer {
  readonly inputs?: Values;
  readonly failures?: { property: string; reason: string }[];
}

export interface Difference {
  readonly changes: boolean;
  readonly replaces?: string[];
  readonly deleteBeforeReplace?: boolean;
}

export interface Created {
  readonly id: string;
  readonly outs: Values;
}

export interface Found {
  /** Empty when it is gone. */
  readonly id: string;
  readonly props: Values;
  readonly inputs?: Values;
}

/** What `read` says of something that is gone. */
export const GONE: Found = { id: "", props: {} };

/** The value that stands for an output which is not known yet, as it reaches a provider. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a preview left something open that only the update will know. */
export function hasUnknown(inputs: unknown): boolean {
  if (inputs === UNKNOWN) return true;
  return typeof inputs === "object" && inputs !== null && Object.values(inputs).some(hasUnknown);
}

/** Inputs without Pulumi's own keys, such as the serialised provider, and without what the state adds to them. */
export function ownInputs(inputs: object, ...added: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key]) => !key.startsWith("__") && !added.includes(key)),
  );
}

/** The serialised provider: it must stay in the state, or later calls find no code to run. */
export function providerOf(inputs: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key === "__provider"));
}

import type { dynamic } from "@pulumi/pulumi";
import type { Change, News, Olds, Values } from "#kinds/change.ts";

/** What the provider of one resource does, in Pulumi's shapes. */
export interface Crud {
  /** Completes the inputs, or says what is wrong with them; changes nothing. */
  readonly check?: (change: Change) => Promise<CheckAnswer>;
  readonly diff: (change: Change) => Promise<Difference>;
  /** Creates the resource, and updates it unless there is `update`. */
  readonly create: (news: News) => Promise<Created>;
  readonly update?: (change: Change) => Promise<Created>;
  /** Reads the current state. */
  readonly read: (id: string, olds: Olds) => Promise<Found>;
  readonly remove?: (olds: Olds) => Promise<void>;
}

export type CheckAnswer = dynamic.CheckResult<Values>;
export type Difference = dynamic.DiffResult;
export type Created = Required<dynamic.CreateResult<Values>>;

/** With an empty ID if it is gone. */
export type Found = Required<Pick<dynamic.ReadResult<Values>, "id" | "props">> & { readonly inputs?: Values };

/** The answer of `read` for a resource that is gone. */
export const GONE: Found = { id: "", props: {} };

/** The value that a provider gets for an output that is not known yet, and returns for an input that follows from one. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether some inputs will be known only during the update. */
export function hasUnknown(inputs: unknown): boolean {
  if (inputs === UNKNOWN) return true;
  return typeof inputs === "object" && inputs !== null && Object.values(inputs).some(hasUnknown);
}

/** Inputs without Pulumi's own keys, such as the serialised provider, and without those that were `added`. */
export function ownInputs(inputs: object, ...added: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key]) => !key.startsWith("__") && !added.includes(key)),
  );
}

/** The serialised provider, which must stay in the state, or later calls find no code to run. */
export function providerOf(inputs: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key === "__provider"));
}

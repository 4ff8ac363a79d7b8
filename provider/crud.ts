/** What a dynamic provider answers; the shapes are Pulumi's, the engine itself does not import it. */
export interface CheckAnswer<Inputs> {
  readonly inputs?: Inputs;
  readonly failures?: { property: string; reason: string }[];
}

/** The value that stands for an output which is not known yet, as it reaches a provider. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Whether a preview left something open that only the update will know. */
export function hasUnknown(inputs: unknown): boolean {
  if (inputs === UNKNOWN) return true;
  return typeof inputs === "object" && inputs !== null && Object.values(inputs).some(hasUnknown);
}

/** Inputs without Pulumi's own keys, such as the serialised provider. */
export function ownInputs(inputs: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith("__")));
}

/** The serialised provider: it must stay in the state, or later calls find no code to run. */
export function providerOf(inputs: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key === "__provider"));
}

/** Why a place in which something runs cannot be left for another one: that would be an outage. */
export function cannotMove(from: unknown, to: unknown): string {
  return `expected ${from}, in which it runs, got ${to}: destroy the stack first, or keep it there`;
}

/**
 * Why a host cannot have a port that somebody listens on. One that goes gives its port back at the end of an update
 * only, so a host that is renamed on its machine would never get it.
 */
export function portTakenBy(port: unknown, taker: string): string {
  return `${port} is taken by ${taker}: if that is a host that this one is to replace, remove it, run pulumi up, and then add this one`;
}

/** What tells the pods of one stack from all others, and never changes. */
export function selectorOf(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": name };
}

/** What tells the pods of a canary from the others of its stack, which the Service sends requests to as well. */
export const CANARY_LABEL = { "rollgate/track": "canary" };

/** The labels of everything that belongs to a stack. */
export function labelsOf(name: string): Record<string, string> {
  return { ...selectorOf(name), "app.kubernetes.io/managed-by": "rollgate" };
}

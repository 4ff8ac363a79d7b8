/** What tells the pods of one stack from all others, and never changes. */
export function selectorOf(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": name };
}

/** The labels of everything that belongs to a stack. */
export function labelsOf(name: string): Record<string, string> {
  return { ...selectorOf(name), "app.kubernetes.io/managed-by": "rollgate" };
}

/** Names in the configuration of one stack, because several stacks and other sites may share one nginx. */
export type OwnName = (name: string) => string;

/** The names of a stack: upstreams, variables, named locations and zones all start with `stack`. */
export function ownNames(stack: string): OwnName {
  return (name) => `${stack}_${name}`;
}

/** What a pattern found: nginx makes a variable of it, which must not be somebody else's. */
export function captured(stack: string): string {
  return `${stack}_got`;
}

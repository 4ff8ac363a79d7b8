import { digits } from "./digits.ts";

const MOST = 20;
const SHOWN = 5;

/** A list for people: of a long one the first few, and how many more there are; `rest` is what is told of those. */
export function shortened(names: readonly string[], { most = MOST, rest = "" } = {}): readonly string[] {
  if (names.length <= most) return names;
  return [...names.slice(0, SHOWN), `${digits(names.length - SHOWN)} more${rest}`];
}

import { closest, distance } from "fastest-levenshtein";

/** At most one letter in so many may differ: `soakSecond` is meant to be `soakSeconds`. */
const LETTERS_PER_MISTAKE = 4;

/** What is wrong with a setting that is none of these, with the one that was probably meant. */
export function unknownSetting(key: string, known: Iterable<string>): string {
  const names = new Map([...known].map((name) => [name.toLowerCase(), name]));
  if (names.size === 0) return "unknown setting";
  const given = key.toLowerCase();
  const nearest = closest(given, [...names.keys()]);
  const isMeant =
    distance(given, nearest) * LETTERS_PER_MISTAKE <= Math.max(given.length, LETTERS_PER_MISTAKE);
  return isMeant ? `unknown setting (did you mean ${names.get(nearest)}?)` : "unknown setting";
}

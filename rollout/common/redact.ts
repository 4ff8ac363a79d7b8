/** Values shorter than this say nothing, and replacing them would make text unreadable. */
const SHORTEST_SECRET = 6;
/** A character of no text. */
const MARK = "\uFFFF";

/**
 * A function that replaces every secret in a text with `[secret]`: also every line of one that has several, and
 * how it reads within JSON, such as a health body, or within a URL.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const longestFirst = [...new Set(secrets.flatMap(spellingsOf))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  // A mark that no secret is part of, since one may be part of the word that people see.
  const hide = (text: string, secret: string) => text.replaceAll(secret, MARK);
  return (text) => longestFirst.reduce(hide, text).replaceAll(MARK, "[secret]");
}

function spellingsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed();
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, ...secret.split(/\r?\n/), inJson, encodeURIComponent(wellFormed), encodeURI(wellFormed)];
}

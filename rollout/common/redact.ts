/** Replacing shorter values would make text unreadable. */
const SHORTEST_SECRET = 6;
/** A character that no text contains. */
const MARK = "\uFFFF";

/**
 * Returns a function that replaces every secret in a text with `[secret]`, including single lines of multi-line secrets
 * and secrets escaped for JSON or URLs.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const longestFirst = [...new Set(secrets.flatMap(spellingsOf))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  // Marked first, because a secret may be part of the word "[secret]" itself.
  const hide = (text: string, secret: string) => text.replaceAll(secret, MARK);
  return (text) => longestFirst.reduce(hide, text).replaceAll(MARK, "[secret]");
}

function spellingsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed();
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, ...secret.split(/\r?\n/), inJson, encodeURIComponent(wellFormed), encodeURI(wellFormed)];
}

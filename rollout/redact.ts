/** Values shorter than this say nothing, and replacing them would make text unreadable. */
const SHORTEST_SECRET = 6;

/** A function that replaces every secret in a text, and every line of one that has several, with `[secret]`. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const longestFirst = [...new Set(secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  const pattern = new RegExp(longestFirst.map((secret) => RegExp.escape(secret)).join("|"), "g");
  return (text) => text.replaceAll(pattern, "[secret]");
}

/** Values shorter than this say nothing, and replacing them would make text unreadable. */
const SHORTEST_SECRET = 6;

/** A function that replaces every secret in a text, and every line of one that has several, with `[secret]`. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const longestFirst = [...new Set(secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), text);
}

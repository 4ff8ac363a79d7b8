const NAMES = ["release", "version", "host", "address", "port"] as const;
type Name = (typeof NAMES)[number];

/** What a placeholder such as `{{release}}` stands for. */
export type Facts = Readonly<Record<Name, string>>;

const PLACEHOLDER = /\{\{(.*?)\}\}/g;

/** Replaces the placeholders in a text. */
export function fill(text: string, facts: Facts, encoded = (value: string) => value): string {
  return text.replaceAll(PLACEHOLDER, (whole, inner: string) => {
    const name = nameIn(inner);
    return name === undefined ? whole : encoded(facts[name]);
  });
}

/** Replaces the placeholders in a URL. */
export function fillUrl(url: string, facts: Facts): string {
  // An address may have colons, which mean nothing special behind the host.
  return fill(url, facts, (value) => encodeURIComponent(value).replaceAll("%3A", ":"));
}

/** What is wrong with the placeholders of a text, if anything. */
export function unknownPlaceholder(text: string): string | undefined {
  const unknown = [...text.matchAll(PLACEHOLDER)].find(([, inner = ""]) => nameIn(inner) === undefined);
  if (unknown === undefined) return undefined;
  const known = new Intl.ListFormat("en", { type: "disjunction" }).format(NAMES.map((name) => `{{${name}}}`));
  return `expected ${known}, got ${unknown[0]}`;
}

function nameIn(inner: string): Name | undefined {
  return NAMES.find((name) => name === inner.trim());
}

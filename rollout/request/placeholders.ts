const NAMES = ["release", "version", "host", "address", "port"] as const;
type Name = (typeof NAMES)[number];

/** What a placeholder such as `{{release}}` stands for; an IPv6 address has its brackets. */
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
  // Of an IPv6 address, which may stand anywhere.
  const plain = { "%3A": ":", "%5B": "[", "%5D": "]" };
  return fill(url, facts, (value) =>
    Object.entries(plain).reduce(
      (text, [encoded, character]) => text.replaceAll(encoded, character),
      encodeURIComponent(value),
    ),
  );
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

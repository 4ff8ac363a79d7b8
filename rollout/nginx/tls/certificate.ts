import { X509Certificate } from "node:crypto";

const DAY = 86_400_000;
/** Certificates that are valid for three months are usually renewed a month before they expire. */
const WARN_DAYS = 21;
const BLOCK =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
/** Stands for any name that a wildcard covers. */
const ANY_LABEL = "any-name-at-all";

/** What is wrong with a certificate, and what will be soon. */
export interface Examined {
  readonly problem?: string;
  readonly warning?: string;
}

/** Examines the text of a certificate file, with its chain. */
export function examineCertificate(pem: string, serverNames: readonly string[], now = Date.now()): Examined {
  const chain = readChain(pem);
  if (typeof chain === "string") return { problem: chain };
  const [leaf, ...others] = chain;
  const uncovered = serverNames.filter((name) => !covers(leaf, name));
  if (uncovered.length > 0) {
    return { problem: `expected a certificate for ${uncovered.join(" and ")}, got one for ${namesOf(leaf)}` };
  }
  for (const certificate of [leaf, ...others]) {
    const what =
      certificate === leaf ? "a certificate" : `a chain (${certificate.subject.replaceAll("\n", ", ")})`;
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    if (to <= now) return { problem: `expected ${what} that is valid, got one that expired on ${dayOf(to)}` };
    if (from > now)
      return { problem: `expected ${what} that is valid, got one that is valid from ${dayOf(from)}` };
  }
  const end = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  const days = Math.floor((end - now) / DAY);
  if (days >= WARN_DAYS) return {};
  return { warning: `the certificate expires in ${days} day${days === 1 ? "" : "s"}, on ${dayOf(end)}` };
}

/** The certificates in a file, the server's own first; or why it can't be read. */
function readChain(pem: string): [X509Certificate, ...X509Certificate[]] | string {
  const blocks = pem.match(BLOCK) ?? [];
  const expected = "expected the server's certificate and its chain in PEM";
  try {
    const [leaf, ...others] = blocks.map((block) => new X509Certificate(block));
    return leaf ? [leaf, ...others] : `${expected}, found no certificate`;
  } catch {
    return `${expected}, got one that can't be read`;
  }
}

/** As browsers decide: by the alternative names only, with a wildcard for exactly one label (RFC 6125, 6.4.3). */
function covers(certificate: X509Certificate, name: string): boolean {
  const asked = name.replace(/^\*(?=\.)/, ANY_LABEL);
  return certificate.checkHost(asked, { subject: "never", partialWildcards: false }) !== undefined;
}

function namesOf({ subjectAltName }: X509Certificate): string {
  const names = (subjectAltName ?? "").split(", ").filter(Boolean);
  return names.map((name) => name.replace(/^(DNS|IP Address):/, "")).join(", ") || "no name";
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { InvalidInput } from "../../common/errors.ts";

/** A certificate with its chain, and its private key, both as PEM text. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

/** Throws `InvalidInput` unless the key can be used and belongs to the certificate; messages contain neither. */
export function requirePair({ certificate, key }: PemPair): void {
  if (/ENCRYPTED/.test(key)) {
    throw new InvalidInput("tls.key", "expected a key without a passphrase, got an encrypted one");
  }
  if (!new X509Certificate(certificate).checkPrivateKey(readKey(key))) {
    throw new InvalidInput("tls.key", "expected the key of the certificate, got another one");
  }
}

/** Tells two pairs apart without revealing the key. */
export function pairHash({ certificate, key }: PemPair): string {
  return createHash("sha256").update(`${certificate.trim()}\n${key.trim()}\n`).digest("hex").slice(0, 16);
}

function readKey(key: string): KeyObject {
  try {
    return createPrivateKey(key);
  } catch {
    // The cause might quote the key.
    throw new InvalidInput("tls.key", "expected a private key in PEM, got one that can't be read");
  }
}

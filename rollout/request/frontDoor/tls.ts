import { z } from "zod";
import { absolutePath, integer, show } from "../fields.ts";

const TWO_YEARS = 63_072_000;

/** Whether a setting holds the text of a PEM file rather than its path. */
export function isPem(value: string): boolean {
  return value.includes("-----BEGIN ");
}

/** The certificate with its chain: a path on nginx's machine, or PEM text. */
const certificate = fileOrPem("a certificate", /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/);
/** Its private key: a path on nginx's machine, or PEM text. Messages never contain it. */
const key = fileOrPem("a private key", /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----/);

const flag = z.boolean({ error: (issue) => `expected true or false, got ${show(issue.input)}` });

/** Mozilla's configurations: https://wiki.mozilla.org/Security/Server_Side_TLS */
const profile = z.enum(["intermediate", "modern"], {
  error: (issue) => `expected intermediate or modern, got ${show(issue.input)}`,
});
export type TlsProfile = z.infer<typeof profile>;

/** A folder that nginx serves files from. */
const folder = absolutePath.regex(/^[^"'$\\;{}\s]+$/, {
  error: (issue) =>
    `expected a path without blanks and characters special to nginx, got ${show(issue.input)}`,
});

/** How nginx serves HTTPS. */
export const tls = z
  .strictObject({
    certificate,
    key,
    /** The port that clients use. */
    port: integer(1, 65535),
    http2: flag,
    /** HTTP/3 on the same port, over UDP. */
    http3: flag,
    profile,
    /** Whether the HTTP port redirects to HTTPS; otherwise it serves the application, too. */
    redirect: flag,
    /** How long browsers remember to use HTTPS only; 0 means not at all. */
    hstsSeconds: integer(0, TWO_YEARS),
    /** The folder that an ACME client writes its challenges to, on nginx's machine. */
    acmeWebroot: folder.exactOptional(),
  })
  .superRefine(({ certificate, key, hstsSeconds, redirect }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (isPem(certificate) !== isPem(key)) {
      refuse("key", `expected ${isPem(certificate) ? "PEM text" : "a path"}, like the certificate`);
    }
    if (hstsSeconds > 0 && !redirect) {
      refuse("hstsSeconds", `expected 0, since redirect is false, got ${hstsSeconds}`);
    }
  });
export type TlsInputs = z.infer<typeof tls>;

function fileOrPem(what: string, begin: RegExp) {
  const expected = `expected the absolute path of ${what} or its PEM text`;
  return z
    .string({
      error: (issue) => `${expected}, got ${issue.input === undefined ? "nothing" : typeof issue.input}`,
    })
    .superRefine((value, context) => {
      const refuse = (message: string) => context.addIssue({ code: "custom", message });
      if (isPem(value)) {
        if (!begin.test(value)) refuse(`${expected}, got PEM text of something else`);
      } else if (!value.startsWith("/") || /[\r\n]/.test(value)) {
        // It may be a key that is not complete, so it is not shown.
        refuse(`${expected}, got neither`);
      } else if (!/^[^"'$\\;{}\s]+$/.test(value)) {
        refuse(`expected a path without blanks and characters special to nginx, got ${show(value)}`);
      }
    });
}

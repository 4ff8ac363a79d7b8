import type { TlsProfile } from "../../request/frontDoor/tls.ts";
import { type OwnName, ownNames } from "../ownNames.ts";
import type { TlsServing } from "../tls/tlsServing.ts";

/** Mozilla's guidelines 5.7, without DHE, which needs a file and which no client of the profile depends on. */
const PROFILES: Readonly<Record<TlsProfile, string>> = {
  intermediate: `ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
`,
  modern: `ssl_protocols TLSv1.3;
`,
};

/** What HTTPS needs in the `http` block. */
export function tlsMaps(own: OwnName, tls: TlsServing | undefined): string {
  if (!tls) return "";
  const altSvc = `map $https $${own("alt_svc")} {
    default "";
    on      'h3=":${tls.publicPort}"; ma=86400';
}
`;
  if (tls.isFixed) return tls.http3 ? altSvc : "";
  return `# Variables, so that nginx reads these files at each handshake: a renewed certificate needs no reload.
map "" $${own("certificate")} { default "${tls.certificate}"; }
map "" $${own("certificate_key")} { default "${tls.key}"; }
${tls.http3 ? altSvc : ""}`;
}

/** The certificate and the profile, for a server. */
export function tlsLines(own: OwnName, tls: TlsServing): string {
  const [certificate, key] = tls.isFixed
    ? [`"${tls.certificate}"`, `"${tls.key}"`]
    : [`$${own("certificate")}`, `$${own("certificate_key")}`];
  return `ssl_certificate ${certificate};
ssl_certificate_key ${key};
${tlsProtocolLines(own, tls)}`;
}

/** Everything about TLS but the certificate. */
export function tlsProtocolLines(own: OwnName, { profile, http2 }: TlsServing): string {
  return `${http2 === "directive" ? "http2 on;\n" : ""}${PROFILES[profile]}ssl_prefer_server_ciphers off;
ssl_ecdh_curve X25519:prime256v1:secp384r1;
# Clients resume by this cache: before 1.23.2, nginx never changes the keys of its tickets.
ssl_session_cache shared:${own("tls")}:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
`;
}

/** The headers of every answer again, for a block with an `add_header` of its own, which loses them otherwise. */
export function repeatedHeaders(
  { name, tls }: { readonly name: string; readonly tls?: TlsServing },
  indent: string,
): string {
  return tlsHeaders(ownNames(name), tls).replaceAll(/^(?=.)/gm, indent);
}

/** The headers of every answer. */
export function tlsHeaders(own: OwnName, tls: TlsServing | undefined): string {
  if (!tls) return "";
  const hsts = `add_header Strict-Transport-Security "max-age=${tls.hstsSeconds}" always;\n`;
  const altSvc = `add_header Alt-Svc $${own("alt_svc")} always;\n`;
  return `${tls.hstsSeconds > 0 ? hsts : ""}${tls.http3 ? altSvc : ""}`;
}

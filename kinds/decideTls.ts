import { z } from "zod";
import { isSince, type NginxBuild } from "#rollout/nginx/nginxBuild.ts";
import { filesIn, pairFolder } from "#rollout/nginx/tls/pairFiles.ts";
import type { TlsServing } from "#rollout/nginx/tls/tlsServing.ts";
import { text } from "#rollout/request/fields.ts";
import { isPem, type TlsInputs } from "#rollout/request/frontDoor/tls.ts";

/** How an nginx serves HTTPS, as far as it depends on its version. */
export const tlsDecision = z.strictObject({
  http2: z.enum(["directive", "listen", "off"]),
  canReject: z.boolean(),
  /** The account of its workers, unless the configuration names another. */
  account: text,
});
export type TlsDecision = z.infer<typeof tlsDecision>;

/** Decides that, or says what this nginx lacks; `nginx` is its name. */
export function decideTls(
  { http2, http3 }: TlsInputs,
  build: NginxBuild,
  nginx: string,
): TlsDecision | { property: string; reason: string } {
  const lacks = (module: string) => !build.modules.includes(module);
  const without = (property: string, expected: string, module: string) => ({
    property,
    reason: `expected ${expected}, since ${nginx} is built without the module ${module}`,
  });
  if (lacks("http_ssl")) return without("tls", "none", "http_ssl");
  if (!isSince(build, "1.15.9")) {
    const reason = `expected nginx 1.15.9 or later, which reads a renewed certificate without a reload, got ${build.version}`;
    return { property: "tls", reason };
  }
  if (http2 && lacks("http_v2")) return without("tls.http2", "false", "http_v2");
  if (http3 && lacks("http_v3")) return without("tls.http3", "false", "http_v3");
  const directive = isSince(build, "1.25.1") ? "directive" : "listen";
  return {
    http2: http2 ? directive : "off",
    canReject: isSince(build, "1.19.4"),
    account: build.user,
  };
}

/** Where the certificate is and where nginx listens, if the kind of machine decides that. */
export interface TlsPlace {
  /** The folder with copies that nginx's account can read. */
  readonly certificateCopies?: string;
  /** The port that nginx listens on, if clients use another one. */
  readonly tlsPort?: number;
  /** Where nginx sees the files of its machine, if not at their own paths. */
  readonly hostFiles?: string;
}

/** HTTPS, to render. */
export function tlsServing(
  { certificate, key, port, http2: _, acmeWebroot, ...own }: TlsInputs,
  { http2, canReject }: TlsDecision,
  {
    certificateCopies,
    tlsPort,
    hostFiles = "",
    directory,
    isForeign,
  }: TlsPlace & { readonly directory: string; readonly isForeign?: true },
): TlsServing {
  const folder = isPem(key) ? pairFolder(directory) : certificateCopies;
  return {
    ...own,
    ...(folder === undefined ? { certificate, key } : filesIn(folder)),
    ...{ http2, canReject },
    // Whoever renews it makes that nginx reload already.
    ...(isForeign && { isFixed: true }),
    port: tlsPort ?? port,
    publicPort: port,
    ...(acmeWebroot !== undefined && { acmeWebroot: `${hostFiles}${acmeWebroot}` }),
  };
}

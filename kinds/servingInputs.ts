import { z } from "zod";
import { canCheck } from "#rollout/nginx/flavours/checkModule.ts";
import type { NginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { canaryTraffic } from "#rollout/request/canary.ts";
import { absolutePath, integer, name, show, statuses, text, urlPath } from "#rollout/request/fields.ts";
import { pathPrefix } from "#rollout/request/frontDoor/pathPrefix.ts";
import { serverNames } from "#rollout/request/frontDoor/serverNames.ts";
import { siteInputs, siteOf } from "#rollout/request/frontDoor/siteInputs.ts";
import { tls } from "#rollout/request/frontDoor/tls.ts";
import { poolMember, proxyPlace } from "#rollout/request/places.ts";
import { flavour } from "#rollout/request/rollRequest.ts";
import { decideTls, type TlsPlace, tlsDecision, tlsServing } from "./decideTls.ts";

/** What nginx should serve, on any kind of machine. */
export const servingInputs = {
  /** `auto` means the best that this nginx supports. */
  flavour: z.enum(["auto", ...flavour.options], {
    error: (issue) =>
      `expected auto, ${flavour.options.slice(0, -1).join(", ")} or ${flavour.options.at(-1)}, got ${show(issue.input)}`,
  }),
  /** The stack's, for all names in the configuration: others may share the nginx. */
  name: text.regex(/^[a-z][a-z0-9_]{0,23}$/, {
    error: (issue) => `expected at most 24 lower-case letters, digits and _, got ${show(issue.input)}`,
  }),
  hosts: z.array(poolMember),
  /** Where all nginx of the fleet are, if there are several; the first one keeps the lease. */
  peers: z.array(proxyPlace).exactOptional(),
  /** What tells it from the others, unless it is the first one. */
  keeper: text.exactOptional(),
  /** The names that clients use; none means any name. */
  serverNames,
  /** Absent without HTTPS. */
  tls: tls.exactOptional(),
  healthPath: urlPath,
  slowestRequestSeconds: integer(0, 3600),
  /** How long a removed host may take to finish its requests. */
  settleSeconds: integer(0, 3600),
  leaseWaitSeconds: integer(0, 86_400),
  check: z.strictObject({
    path: urlPath,
    intervalMilliseconds: integer(100, 600_000),
    rise: integer(1, 100),
    fall: integer(1, 100),
    timeoutMilliseconds: integer(10, 600_000),
    expect: z.array(statuses).min(1, { error: "expected at least one status, got none" }),
  }),
  pathPrefix,
  /** Paths that clients don't reach, with all below them, and exact exceptions. */
  closedPaths: z.array(urlPath),
  openPaths: z.array(urlPath),
  statusAllow: z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: (issue) => `expected an address or a network such as 10.0.0.0/8, got ${show(issue.input)}`,
    }),
  ),
  /** The hosts with another release, and whether clients get to them without asking. */
  canary: z.strictObject({ hosts: z.array(name), traffic: canaryTraffic }).exactOptional(),
  /** Whether rolls send requests of their own, which nginx must tell from those of clients. */
  probes: z.literal(true).exactOptional(),
  ...siteInputs,
};

/** The same for an nginx that rollgate starts itself. */
export const startedInputs = {
  /** A path, or a name to look up on the PATH of its machine. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty string" }),
  ...servingInputs,
};
const serving = z.object(servingInputs);
export type ServingInputs = z.infer<typeof serving>;

/** What `check` adds once it knows what nginx supports. */
export const decidedInputs = {
  flavour,
  /** The file of nginx's JavaScript module, if the flavour needs it. */
  njsModule: absolutePath.exactOptional(),
  /** With HTTPS, how this nginx serves it. */
  tlsDecision: tlsDecision.exactOptional(),
};
const decided = z.object(decidedInputs);
export type Decision = z.infer<typeof decided>;

/** What this nginx does, or which setting it doesn't support; `nginx` is its name. */
export function decide(
  inputs: ServingInputs,
  abilities: NginxAbilities,
  nginx: string,
): Decision | { property: string; reason: string } {
  const chosen = decideFlavour(inputs, abilities, nginx);
  if ("reason" in chosen || !inputs.tls) return chosen;
  const decided = decideTls(inputs.tls, abilities.build, nginx);
  return "reason" in decided ? decided : { ...chosen, tlsDecision: decided };
}

/** The requested flavour, or why this nginx doesn't support it; `nginx` is its name. */
export function decideFlavour(
  { flavour: asked, check, hosts, trustedProxies }: ServingInputs,
  { flavours, njsModule, build }: NginxAbilities,
  nginx: string,
): Decision | { property: string; reason: string } {
  const chosen = asked === "auto" ? flavours[0] : asked;
  if (!flavours.includes(chosen)) {
    const reason = `expected ${flavours.join(" or ")}, which is all that ${nginx} supports, got ${chosen}`;
    return { property: "flavour", reason };
  }
  const wrong = chosen === "check-module" && check.expect.find((statuses) => !statuses.endsWith("xx"));
  if (wrong) {
    const reason = `expected classes such as 2xx with check-module, got ${wrong}`;
    return { property: "check.expect", reason };
  }
  if (chosen === "check-module" && !canCheck(hosts)) {
    const reason = "expected the same healthPort for all hosts with check-module, which supports only one";
    return { property: "hosts", reason };
  }
  if (trustedProxies && !build.modules.includes("http_realip")) {
    const reason = `expected an nginx with the module http_realip, which ${nginx} is built without`;
    return { property: "trustedProxies", reason };
  }
  return { flavour: chosen, ...(chosen === "njs" && njsModule && { njsModule }) };
}

/** What depends on where nginx is. */
export type NginxPart = TlsPlace &
  Pick<
    NginxSettings,
    | "directory"
    | "address"
    | "port"
    | "controlPort"
    | "user"
    | "errorLog"
    | "accessLogFile"
    | "pidFile"
    | "isForeign"
  >;

/** The settings to render; `place` is where nginx is and what is special about it there. */
export function settingsFor(
  inputs: ServingInputs,
  { flavour, njsModule, tlsDecision }: Decision,
  part: NginxPart,
): NginxSettings {
  const { certificateCopies: _, tlsPort: __, hostFiles: ___, ...place } = part;
  const { hosts, check, healthPath, slowestRequestSeconds, canary, probes } = inputs;
  const { name, serverNames, tls, statusAllow, pathPrefix, closedPaths, openPaths } = inputs;
  return {
    ...place,
    name,
    serverNames,
    ...(tls && tlsDecision && { tls: tlsServing(tls, tlsDecision, part) }),
    flavour,
    ...(njsModule !== undefined && { njsModule }),
    hosts,
    check,
    healthPath,
    slowestRequestSeconds,
    pathPrefix,
    closedPaths,
    openPaths,
    statusAllow,
    ...(canary && { canary }),
    ...(probes && { probes }),
    ...siteOf(inputs),
  };
}

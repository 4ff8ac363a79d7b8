import { isDeepStrictEqual } from "node:util";
import { InvalidInput } from "#rollout/common/errors.ts";
import { show } from "#rollout/request/fields.ts";
import type { Reader } from "../../settings/reader.ts";

const AT_THE_WAY_IN =
  "set expose.nginx, or this where requests come in, for an ingress in expose.annotations";
const NO_NGINX = "there is no nginx on this kind but that of expose.nginx";
const NO_SERVERS = "there are no servers on this kind";
const BY_KUBERNETES = "Kubernetes rolls by replicas and batch alone";

/** The settings that would do nothing here, and what does it instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  hosts: "use replicas, and put options into jvmOptions, arguments and environment",
  directory: "the image has the release",
  dockerSubnet: "the cluster has its own network",
  ...each(["sshConfig", "sshHostKeys", "sshWaitSeconds", "sshSupervisor"], NO_SERVERS),
  ...each(["sshProvision", "sshProvisionUser", "javaPackage"], NO_SERVERS),
  ...each(["nginxPackage", "nginxServers", "nginx", "nginxFlavour", "nginxMode"], NO_NGINX),
  nginxImage: "set expose.nginx to have one",
  ...each(["nginxPidFile", "nginxIncludeDirectory", "nginxDirectory", "controlPort"], NO_NGINX),
  nginxAddress: "use expose",
  nginxPort: "use expose.port, or expose.nodePort",
  tls: "use expose.tlsSecret of an ingress, the listener of the Gateway, or the cloud's balancer; pods get plain HTTP, and so does nginx in front of them",
  closedPaths:
    "set expose.nginx, or give the actuator a port of its own (management.server.port) and name it in healthPort",
  ...each(["openPaths", "statusAllow", "trustedProxies", "forwardedBy", "accessLog"], AT_THE_WAY_IN),
  ...each(["maxBodySize", "timeouts", "buffering", "gzip", "largeHeaders"], AT_THE_WAY_IN),
  ...each(["underscoresInHeaders", "errorPages", "maintenance", "directives"], AT_THE_WAY_IN),
  balance: "requests go to the pods in turn",
  staticFiles: "put them into the image",
  ledgerPaths: "the ledger of this kind has no paths",
  checkExpect: "kubelet accepts 200 to 399",
  minimumHealthy: `${BY_KUBERNETES}; with order stop-first, batch says how many may be out`,
  maxUnavailable: `${BY_KUBERNETES}; with order stop-first, batch says how many may be out`,
  startupCache: "build an image with a class archive and name it in image",
  warmUp: "let readinessPath fail until the application is warm",
};

const HOST_HOOKS: Readonly<Record<string, string>> = {
  beforeHost: "use beforeRoll, which runs once before any pod is touched",
  afterHost: "use analysis.checks, which are asked about each pod",
};

/** What an nginx in front does, and nobody else. */
const OF_NGINX = [
  ...["nginxImage", "closedPaths", "openPaths", "statusAllow", "trustedProxies", "forwardedBy", "accessLog"],
  ...["maxBodySize", "timeouts", "buffering", "gzip", "largeHeaders", "underscoresInHeaders"],
  ...["errorPages", "maintenance", "directives", "checkExpect"],
];

/** Rejects what would do nothing on this kind, unless it has its default. */
export async function refuseMeaningless(reader: Reader, hasNginx: boolean): Promise<void> {
  const defaults = await reader.source.defaults();
  for (const [setting, instead] of Object.entries(INSTEAD)) {
    reader.ignore(setting);
    if (hasNginx && OF_NGINX.includes(setting)) continue;
    const given = plain(reader.source.text(setting));
    if (isEmpty(given) || isDeepStrictEqual(given, plain(defaults?.[setting]))) continue;
    // A list or an object may have secrets in it.
    const got = typeof given === "object" || reader.isSecret(setting) ? "some" : show(given);
    throw new InvalidInput(setting, `expected no value on kind kubernetes, got ${got}: ${instead}`);
  }
}

/** Rejects hooks at moments that the rollout does not decide about. */
export function refuseHostHooks(reader: Reader): void {
  const given = reader.object("hooks");
  for (const [moment, instead] of Object.entries(HOST_HOOKS)) {
    if (!Object.hasOwn(given, moment)) continue;
    const why = "expected no value on kind kubernetes, which replaces pods by itself, got some";
    throw new InvalidInput(`hooks.${moment}`, `${why}: ${instead}`);
  }
}

function each(settings: readonly string[], instead: string): Record<string, string> {
  return Object.fromEntries(settings.map((setting) => [setting, instead]));
}

/** All settings are texts to a source, and their defaults may be anything. */
function plain(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === "" ||
    (typeof value === "object" && Object.keys(Object(value)).length === 0)
  );
}

import { readFile, writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { KINDS } from "#kinds/kinds.ts";
import { inRepository } from "./inRepository.ts";

/** Types that Pulumi.yaml has no words for. */
export const TYPES: Readonly<Record<string, string>> = {
  kind: Object.keys(KINDS)
    .map((kind) => JSON.stringify(kind))
    .join(" | "),
  hosts: "readonly HostSettings[]",
  environment: "Readonly<Record<string, string | number | boolean>>",
  canary: "CanarySettings",
  expose: "ExposeSettings",
  containerCpus: "string | number",
  sshHostKeys: '"known" | "accept-new"',
  sshSupervisor: '"systemd" | "process"',
  nginxServers: "readonly NginxServerSettings[]",
  nginxFlavour: '"auto" | "njs" | "check-module" | "stock"',
  nginxMode: '"own" | "include"',
  tls: "TlsSettings",
  accessLog: "AccessLogSettings",
  timeouts: "Timeouts",
  buffering: "{ readonly off: readonly string[] }",
  staticFiles: "StaticFiles",
  errorPages: "ErrorPages",
  maintenance: "boolean | string",
  checkExpect: "readonly (string | number)[]",
  onFailure: '"rollback" | "halt"',
  order: '"auto" | "start-first" | "stop-first"',
  warmUp: "WarmUpSettings",
  analysis: "AnalysisSettings",
  startupCache: '"auto" | "off"',
  probeTraffic: "ProbeTrafficSettings",
  hooks: "HooksSettings",
  notify: "readonly WebhookSettings[]",
  batch: "number | string | readonly (number | string)[]",
  minimumHealthy: "number | string",
  maxUnavailable: "number | string",
};
const PLAIN: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  boolean: "boolean",
  array: "readonly string[]",
};
/** What a program must say, `hosts` unless an orchestrator makes them; the example program has defaults for these, too. */
const EXAMPLES = ["kind", "hosts"];

/** The settings of Pulumi.yaml as a type, with their descriptions. */
export async function settingsTypes(): Promise<string> {
  const { config } = parse(await readFile(inRepository("Pulumi.yaml"), "utf8"));
  const lines = Object.entries(config).flatMap(([key, setting]) => {
    const { type, description, default: byDefault } = Object(setting);
    const ending =
      EXAMPLES.includes(key) || isEmpty(byDefault) ? "" : ` Default: \`${JSON.stringify(byDefault)}\`.`;
    return [
      `  /** ${description}${ending} */`,
      `  readonly ${key}${key === "kind" ? "" : "?"}: Setting<${TYPES[key] ?? PLAIN[type] ?? "unknown"}>;`,
    ];
  });
  return `// Written by \`npm run types\` from Pulumi.yaml.
import type { ErrorPages } from "#rollout/request/frontDoor/pages.ts";
import type { StaticFiles } from "#rollout/request/frontDoor/staticFiles.ts";
import type { Timeouts } from "#rollout/request/frontDoor/timeouts.ts";
import type { Setting } from "./setting.ts";
import type {
  AccessLogSettings,
  AnalysisSettings,
  CanarySettings,
  ExposeSettings,
  HooksSettings,
  HostSettings,
  NginxServerSettings,
  ProbeTrafficSettings,
  TlsSettings,
  WarmUpSettings,
  WebhookSettings,
} from "./structures.ts";

/** The settings of a service, the same as in a stack file; those that are not given have their defaults. */
export interface ServiceSettings {
${lines.join("\n")}
}
`;
}

function isEmpty(value: unknown): boolean {
  return value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
}

/** Where the type is. */
export const SETTINGS_TYPES = inRepository("settings", "serviceSettings.ts");

if (import.meta.main) await writeFile(SETTINGS_TYPES, await settingsTypes());

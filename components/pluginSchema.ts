import { parse } from "yaml";

/** Settings that take more than their type in Pulumi.yaml, which knows no alternatives. */
const ANYTHING = ["containerCpus", "maintenance", "checkExpect", "batch", "minimumHealthy", "maxUnavailable"];
/** Reading the settings says what is wrong with one. */
const ANY = { $ref: "pulumi.json#/Any" };
const TEXTS = { type: "object", additionalProperties: { type: "string" } };

const OUTPUTS = {
  url: { type: "string", description: "Where clients reach the service." },
  releases: { ...TEXTS, description: "The release that each host runs, by host name." },
  durationSeconds: { type: "number", description: "How long the last roll took." },
  report: { type: "string", description: "The path of the report of the last roll." },
  history: { ...ANY, description: "The last rolls, newest first." },
  ledger: { ...ANY, description: "What clients got during the last roll, as nginx counted it." },
};

/** What Pulumi has to know about a service for programs in other languages; its settings are those of a Pulumi.yaml. */
export function pluginSchema(pulumiYaml: string, version: string): string {
  const { config } = parse(pulumiYaml);
  const inputs = Object.entries(config).map(([name, setting]) => {
    const { type, items, description } = Object(setting);
    return [name, { ...shapeOf(name, type, Object(items).type), description }];
  });
  const service = {
    isComponent: true,
    description:
      "An application on its hosts, behind nginx, that rolls whenever its jar, options or fleet changes.",
    inputProperties: Object.fromEntries(inputs),
    requiredInputs: ["kind"],
    properties: OUTPUTS,
    required: ["url", "releases"],
  };
  return JSON.stringify({
    name: "rollgate",
    version,
    resources: { "rollgate:index:RollingService": service },
  });
}

function shapeOf(name: string, type: string, items: string | undefined): object {
  if (ANYTHING.includes(name)) return ANY;
  if (type === "array") return items === "string" ? { type, items: { type: items } } : ANY;
  return type === "object" ? ANY : { type };
}

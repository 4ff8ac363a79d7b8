import { readFile } from "node:fs/promises";
import * as pulumi from "#kinds/pulumi.ts";
import { declaredDefaults } from "./declaredDefaults.ts";
import type { SettingsSource } from "./settingsSource.ts";

const PROJECT_FILE = "Pulumi.yaml";

/** The settings in `Pulumi.<stack>.yaml`, over the defaults in Pulumi.yaml, which Pulumi fills in. */
export function stackFile(): SettingsSource {
  const project = pulumi.getProject();
  const prefix = `${project}:`;
  const secrets: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]");
  return {
    ...{ project, prefix, stack: pulumi.getStack() },
    keys: () =>
      Object.keys(pulumi.allConfig())
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)),
    text: (key) => pulumi.allConfig()[`${prefix}${key}`],
    isSecret: (key) => Array.isArray(secrets) && secrets.includes(`${prefix}${key}`),
    defaults: async () => {
      const text = await readFile(PROJECT_FILE, "utf8").catch(() => undefined);
      return text === undefined ? undefined : declaredDefaults(text);
    },
  };
}

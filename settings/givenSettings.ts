import { readFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";
import { declaredDefaults } from "./declaredDefaults.ts";
import type { ServiceSettings } from "./serviceSettings.ts";
import type { SettingsSource } from "./settingsSource.ts";

/** The settings that a program gives to a service, over the defaults in our Pulumi.yaml, once they are all known. */
export async function givenSettings(service: string, given: ServiceSettings): Promise<SettingsSource> {
  const entries = Object.entries(given).map(async ([key, value]) => {
    const output = pulumi.output(value);
    return { key, value: await known(output), isSecret: await pulumi.isSecret(output) };
  });
  const settings = await Promise.all(entries);
  const defaults = await declaredDefaults(await readFile(new URL("../Pulumi.yaml", import.meta.url), "utf8"));
  const values = {
    ...defaults,
    ...Object.fromEntries(
      settings.filter(({ value }) => value !== undefined).map(({ key, value }) => [key, value]),
    ),
  };
  return {
    project: pulumi.getProject(),
    stack: `${pulumi.getStack()}-${service}`,
    prefix: `${service}:`,
    keys: () => Object.keys(values),
    text: (key) => (Object.hasOwn(values, key) ? asText(Reflect.get(values, key)) : undefined),
    isSecret: (key) => settings.some((each) => each.key === key && each.isSecret),
    defaults: async () => defaults,
  };
}

/** Whether a preview can't know some settings yet: which, by their names. */
export async function unknownSettings(given: ServiceSettings): Promise<string[]> {
  const entries = Object.entries(given).map(async ([key, value]) => {
    const isKnown: unknown = await Object(pulumi.output(value)).isKnown;
    return isKnown ? [] : [key];
  });
  return (await Promise.all(entries)).flat();
}

function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** As a stack file has it. */
function asText(value: unknown): string | undefined {
  return typeof value === "string" || value === undefined ? value : JSON.stringify(value);
}

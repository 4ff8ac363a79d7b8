import * as pulumi from "#kinds/pulumi.ts";
import { ownDefaults } from "./declaredDefaults.ts";
import type { ServiceSettings } from "./serviceSettings.ts";
import type { SettingsSource } from "./settingsSource.ts";
import type { StandIns } from "./standIns.ts";

/**
 * The settings that a program gives to a service, over the defaults in our Pulumi.yaml, once they are all known. What a
 * preview can't know gets stand-ins.
 */
export async function givenSettings(
  service: string,
  given: ServiceSettings,
  standIns: StandIns,
): Promise<SettingsSource> {
  const entries = Object.entries(given).map(async ([key, value]) => {
    const isSecret = await pulumi.isSecret(pulumi.output(value));
    return { key, value: standIns.fill(key, await resolved(value)), isSecret };
  });
  const settings = await Promise.all(entries);
  // Only the example program has hosts by default.
  const defaults = { ...(await ownDefaults()), hosts: [] };
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

/** The value with what all outputs in it turn out to be; `pulumi.unknown` stands for those that a preview can't know. */
async function resolved(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    const output = Object(pulumi.output(value));
    const found: unknown = await output.promise(true);
    const isKnown: unknown = await output.isKnown;
    return isKnown || pulumi.containsUnknowns(found) ? found : pulumi.unknown;
  }
  if (Array.isArray(value)) return Promise.all(value.map(resolved));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, part]) => [key, await resolved(part)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** As a stack file has it. */
function asText(value: unknown): string | undefined {
  return typeof value === "string" || value === undefined ? value : JSON.stringify(value);
}

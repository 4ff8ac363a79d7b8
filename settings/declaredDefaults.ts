import { readFile } from "node:fs/promises";

/** The defaults of all settings that the text of a Pulumi.yaml declares. */
export async function declaredDefaults(text: string): Promise<Record<string, unknown>> {
  // Not every program needs it, and loading it takes a while.
  const { parse } = await import("yaml");
  const settings = Object.entries(Object(Object(parse(text)).config));
  return Object.fromEntries(settings.map(([key, setting]) => [key, Object(setting).default]));
}

/** Those in our own Pulumi.yaml. */
export async function ownDefaults(): Promise<Record<string, unknown>> {
  return declaredDefaults(await readFile(new URL("../Pulumi.yaml", import.meta.url), "utf8"));
}

import { isDeepStrictEqual } from "node:util";
import type { Reader } from "./reader.ts";

/** They may hold secrets, or are part of a roll's record anyway. */
const LEFT_OUT = ["environment", "hosts", "notify", "jar", "version", "release", "canary"];

/** The settings that differ from their defaults, without secrets. */
export function changedSettings(
  { source }: Reader,
  defaults: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = source
    .keys()
    .filter((key) => !LEFT_OUT.includes(key) && !source.isSecret(key))
    .map((key) => [key, shown(key, plainValue(source.text(key))), defaults[key]] as const)
    .filter(([, value, byDefault]) => !isDeepStrictEqual(value, plainValue(byDefault)))
    .map(([key, value]) => [`${source.prefix}${key}`, value] as const);
  return Object.fromEntries(entries);
}

/** What analysis asks may be secret even if the stack file has it in plain text. */
function shown(key: string, value: unknown): unknown {
  const { checks, ...limits }: { readonly checks?: unknown } = Object(value);
  if (key !== "analysis" || !Array.isArray(checks)) return value;
  const open = checks.map((check) => {
    const { url: _, prometheus: __, headers: ___, ...rest } = Object(check);
    return rest;
  });
  return { ...limits, checks: open };
}

/** All settings are texts to a source. */
function plainValue(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

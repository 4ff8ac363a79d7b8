import { isDeepStrictEqual } from "node:util";
import type { LaunchSpec } from "./launchSpec.ts";

/** Names what differs between two ways to start an application; never the values, which may be secret. */
export function launchChanges(before: LaunchSpec, after: LaunchSpec): string[] {
  const [old, next] = [named(before), named(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return names.filter((name) => !isDeepStrictEqual(old[name], next[name])).sort();
}

function named({ launch: { container, ...launch }, environment }: LaunchSpec): Record<string, unknown> {
  return { ...launch, ...prefixed("container", container ?? {}), ...prefixed("environment", environment) };
}

function prefixed(prefix: string, values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
}

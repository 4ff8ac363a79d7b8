import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Reader } from "./reader.ts";

const PROJECT_FILE = "Pulumi.yaml";
/** They may hold secrets, or are part of a roll's record anyway. */
const LEFT_OUT = ["environment", "hosts", "notify", "jar", "version", "release", "canary"];

/** The settings that differ from the defaults in Pulumi.yaml, without secrets; `undefined` if there is no such file. */
export async function changedSettings(reader: Reader): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(PROJECT_FILE, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // Needed only here, and loading it takes a while.
  const { parse } = await import("yaml");
  const declared: Record<string, unknown> = Object(Object(parse(text)).config);
  const prefix = `${pulumi.getProject()}:`;
  const entries = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value] as const)
    .filter(([key]) => !LEFT_OUT.includes(key) && !reader.isSecret(key))
    .map(([key, value]) => [key, shown(key, plainValue(value)), Object(declared[key]).default] as const)
    .filter(([, value, byDefault]) => !isDeepStrictEqual(value, plainValue(byDefault)))
    .map(([key, value]) => [`${prefix}${key}`, value] as const);
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

/** All values are texts in Pulumi's configuration. */
function plainValue(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

import { InvalidInput } from "#rollout/common/errors.ts";
import { isObject } from "#rollout/common/isObject.ts";
import { unknownSetting } from "#rollout/common/unknownSetting.ts";
import type { SettingsSource } from "./settingsSource.ts";

const QUOTE_NUMBERS = "put a number in quotes, or set it with `--type string`";

/**
 * Converts a value to a string, because `pulumi config set --path` saves digits, true and false as numbers and
 * booleans. Other numbers are rejected, since they may have changed: 1.10 is saved as 1.1. The value may be secret, so
 * it is never shown.
 */
export function textOf(property: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || Number.isSafeInteger(value)) return String(value);
  if (typeof value === "number") throw new InvalidInput(property, `expected a string: ${QUOTE_NUMBERS}`);
  const got = value === null ? "nothing" : Array.isArray(value) ? "a list" : "an object";
  throw new InvalidInput(property, `expected a string, got ${got}`);
}

/** Reads settings and remembers which, so that unknown ones can be rejected. */
export class Reader {
  readonly source: SettingsSource;
  readonly #known = new Set<string>();

  constructor(source: SettingsSource) {
    this.source = source;
  }

  /** What tells these settings from those of other stacks of the project, and of other services. */
  get stack(): string {
    return this.source.stack;
  }

  get project(): string {
    return this.source.project;
  }

  text(key: string): string {
    this.#known.add(key);
    this.#refuseSecret(key);
    return this.source.text(key) ?? "";
  }

  /** Accepts settings that have no effect here but always have a default. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** Rejects settings that only another kind uses, unless they have their default. */
  refuseSet(kind: string, keys: readonly string[], defaults: Readonly<Record<string, unknown>> = {}): void {
    for (const key of keys) {
      const value = this.text(key);
      if (!["", "0", "{}", String(defaults[key])].includes(value)) {
        throw new InvalidInput(
          key,
          `expected no value, since this setting is only for stacks of kind ${kind}, got ${value}`,
        );
      }
    }
  }

  number(key: string): number | string {
    const text = this.text(key);
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }

  list(key: string): unknown[] {
    this.#refuseSecret(key);
    const value = this.plain(key);
    if (!Array.isArray(value)) throw new InvalidInput(key, `expected a list, got ${JSON.stringify(value)}`);
    return value;
  }

  /** A structured setting, empty by default. */
  object(key: string): object {
    this.#refuseSecret(key);
    const value = this.plain(key);
    if (isObject(value)) return value;
    throw new InvalidInput(key, `expected an object, got ${JSON.stringify(value)}`);
  }

  /** The entries of `hosts`, which may be secret if one of them has an environment. */
  hosts(): unknown[] {
    const value = this.plain("hosts");
    const entries = Array.isArray(value) ? value : [];
    return entries.some((entry) => Object(entry).environment !== undefined) ? entries : this.list("hosts");
  }

  /** A list of strings. */
  texts(key: string): string[] {
    return this.list(key).map((value, index) => textOf(`${key}[${index}]`, value));
  }

  /** A structured value, which may be secret. */
  plain(key: string): unknown {
    this.#known.add(key);
    const text = this.source.text(key) ?? "null";
    try {
      return JSON.parse(text);
    } catch {
      throw new InvalidInput(key, "expected a list or an object, got a string");
    }
  }

  /** Whether a setting, or a part of it, is encrypted. */
  isSecret(key: string): boolean {
    return this.source.isSecret(key);
  }

  #refuseSecret(key: string): void {
    if (this.isSecret(key)) {
      throw new InvalidInput(
        key,
        "expected a plain value, got a secret: only environment stays secret everywhere",
      );
    }
  }

  refuseUnknown(): void {
    for (const key of this.source.keys()) {
      if (!this.#known.has(key)) {
        throw new InvalidInput(key, `${unknownSetting(key, this.#known)}; Pulumi.yaml lists all settings`);
      }
    }
  }
}

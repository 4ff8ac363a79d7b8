import * as pulumi from "#kinds/pulumi.ts";

/** Settings without which nobody knows what there will be. */
const SHAPE = /^(kind|(hosts|nginxServers)(\[\d+\](\.name)?)?)$/;
/** An address that is reserved for examples, so that no machine has it. */
const ADDRESSES = "2001:db8:726f:6c6c::";
const WORD = "known-later-";
/** Far from those that programs choose. */
const PORTS = 61_000;
/** Begins the digest of an image that nobody has built. */
const DIGEST = "6b6e6f776e2d";
/** How far the second port of a host is from the first one. */
const APART = 10_000;

/**
 * Stand-ins for the parts of settings that a preview can't know, so that all others are read and checked as ever. In
 * what is declared, they become unknown again.
 */
export class StandIns {
  readonly #settings: string[] = [];

  /** The settings, or parts of them, that have stand-ins. */
  get settings(): readonly string[] {
    return this.#settings;
  }

  /** The settings without which nothing can be declared. */
  get shape(): string[] {
    return this.#settings.filter((setting) => SHAPE.test(setting));
  }

  /** The value with stand-ins; a part without one is left out, so that it has its default. */
  fill(setting: string, value: unknown): unknown {
    if (pulumi.isUnknown(value)) return this.#standInFor(setting);
    if (Array.isArray(value))
      return value.map((part, index) => this.fill(`${setting}[${index}]`, part) ?? null);
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [key, this.fill(`${setting}.${key}`, part)]),
    );
  }

  /** Whether some value contains a stand-in. */
  areIn(value: unknown): boolean {
    if (typeof value === "object" && value !== null)
      return Object.values(value).some((part) => this.areIn(part));
    return this.#isOne(value);
  }

  /** The value with `pulumi.unknown` wherever it contains a stand-in. */
  hide(value: unknown): unknown {
    if (pulumi.Output.isInstance(value)) return value.apply((known) => this.hide(known));
    if (Array.isArray(value)) return value.map((part) => this.hide(part));
    if (!isPlainObject(value)) return this.#isOne(value) ? pulumi.unknown : value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.hide(part)]));
  }

  /** The same for the arguments of a resource. */
  hideIn(props: pulumi.Inputs): pulumi.Inputs {
    if (this.#settings.length === 0) return props;
    const entries = Object.entries(props);
    return Object.fromEntries(
      entries.map(([key, value]) => [key, key.startsWith("__") ? value : this.hide(value)]),
    );
  }

  #standInFor(setting: string): unknown {
    const count = this.#settings.push(setting);
    const word = `${WORD}${count}`;
    if (/port$/i.test(setting)) return PORTS + count;
    if (/address$/i.test(setting)) return `${ADDRESSES}${count}`;
    if (/^tls\.certificate$/.test(setting)) return `-----BEGIN CERTIFICATE-----\n${word}`;
    if (/^tls\.key$/.test(setting)) return `-----BEGIN PRIVATE KEY-----\n${word}`;
    if (setting === "serverNames") return [word];
    if (setting === "image") return `${word}:${word}@sha256:${DIGEST.padEnd(64, "0")}`;
    if (setting === "dockerEngine") return `tcp://${word}:2375`;
    return IS_ANY_TEXT.test(setting) ? word : undefined;
  }

  #isOne(value: unknown): boolean {
    if (typeof value === "string") return [WORD, ADDRESSES, DIGEST].some((part) => value.includes(part));
    if (typeof value !== "number") return false;
    return [value, value + APART].some((port) => port > PORTS && port <= PORTS + this.#settings.length);
  }
}

/** Settings that may be any text, or any name of an object in a cluster, besides those above. */
const IS_ANY_TEXT =
  /^(jar|version|release|namespace|kubeconfig|kubeContext|imageRepository|imagePullSecret)$|^expose\.(className|tlsSecret|gateway|gatewayNamespace)$|\.server$|(^|\.)environment\.|(^|\.)(jvmOptions|arguments|springProfiles|serverNames)\[/;

function isPlainObject(value: unknown): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value))
  );
}

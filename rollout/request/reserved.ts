import { show } from "./fields.ts";

/** A value that the user must not set; `key` is its index or name. */
export interface ReservedValue {
  readonly key: number | string;
  readonly message: string;
}

/** What rollgate passes to Spring Boot on the command line. Given twice, values would be joined, or one would be lost. */
const PROPERTIES: Readonly<Record<string, string>> = {
  "server.port": "expected the port only in hosts[].port",
  "server.address": "expected the address only in hosts[].address",
};
const JSON_PROPERTY = "spring.application.json";
const OWN = "expected a name that does not start with rollgate, which is reserved";

/** Options that make `java` run something other than the release, or nothing. */
const RUNS_SOMETHING_ELSE =
  /^(-jar|-cp|-classpath|--class-path|-m|--module|--source|-d|--describe-module|--list-modules|--validate-modules|--dry-run|-version|--version|-fullversion|--full-version|-h|-\?|-help|--help|-X|--help-extra)(=|$)/;
/** Options of `java` whose value is the next argument. */
const TAKES_A_WORD =
  /^(-p|--(module-path|upgrade-module-path|add-modules|limit-modules|enable-native-access|add-exports|add-opens|add-reads|patch-module))$/;
/** Variables from which JVMs read options. */
const OPTION_VARIABLES = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"];

/** The arguments that are reserved for rollgate. */
export function reservedArguments(values: readonly string[]): ReservedValue[] {
  return values.flatMap((value, key) => {
    const [, name, text = ""] = /^--([^=]*)=?(.*)$/s.exec(value) ?? [];
    return name === undefined ? [] : found(key, name, text, value);
  });
}

/** The JVM options that are reserved for rollgate or would not run the release. */
export function reservedJvmOptions(values: readonly string[]): ReservedValue[] {
  return values.flatMap((value, key) => {
    if (RUNS_SOMETHING_ELSE.test(value)) {
      return { key, message: `expected options for the JVM that runs the release, got ${show(value)}` };
    }
    if (!/^[-@]/.test(value) && !TAKES_A_WORD.test(values[key - 1] ?? "")) {
      return {
        key,
        message: `expected an option that starts with -, got ${show(value)}, which java would run instead of the release`,
      };
    }
    return ofSystemProperty(key, value);
  });
}

/** The variables that are reserved for rollgate; values are secret, so messages don't contain them. */
export function reservedVariables(environment: Readonly<Record<string, string>>): ReservedValue[] {
  return Object.entries(environment).flatMap(([key, value]) => {
    if (OPTION_VARIABLES.includes(key)) {
      return value.split(/\s+/).flatMap((word) => ofSystemProperty(key, word, "it"));
    }
    return found(key, key.replaceAll("_", "."), value, "it");
  });
}

/** The setting in which the user sets a Spring Boot property directly, if any. */
export function whereElseSet(
  property: string,
  given: { readonly arguments: unknown[]; readonly jvmOptions: unknown[]; readonly environment: unknown },
): "arguments" | "jvmOptions" | "environment" | undefined {
  const stands = (names: readonly string[]) => names.some((name) => isProperty(name, property));
  const names = (values: unknown[], start: string) =>
    values
      .map(String)
      .filter((value) => value.startsWith(start))
      .map((value) => value.slice(start.length).split("=", 1)[0] ?? "");
  if (stands(names(given.arguments, "--"))) return "arguments";
  if (stands(names(given.jvmOptions, "-D"))) return "jvmOptions";
  return stands(Object.keys(Object(given.environment))) ? "environment" : undefined;
}

/** Whether an argument sets this property, in any spelling that Spring Boot accepts. */
export function isArgument(argument: string, property: string): boolean {
  const name = /^--([^=]*)/.exec(argument)?.[1];
  return name !== undefined && isProperty(name, property);
}

/** Whether a name means this property, in any spelling that Spring Boot accepts. */
function isProperty(name: string, property: string): boolean {
  const lower = name.toLowerCase();
  return lower.replaceAll(/[-_]/g, "") === property || lower.replaceAll("_", ".") === property;
}

function ofSystemProperty(key: number | string, option: string, shown = option): ReservedValue[] {
  const [, name, text = ""] = /^-D([^=]*)=?(.*)$/s.exec(option) ?? [];
  return name === undefined ? [] : found(key, name, text, shown);
}

function found(key: number | string, name: string, text: string, shown: string): ReservedValue[] {
  const got = shown === "it" ? "got it here" : `got ${show(shown)}`;
  if (/^rollgate\b/i.test(name)) return [{ key, message: `${OWN}, ${got}` }];
  const names = isProperty(name, JSON_PROPERTY) ? namesIn(parseJson(text)) : [name];
  return Object.entries(PROPERTIES)
    .filter(([property]) => names.some((candidate) => isProperty(candidate, property)))
    .map(([, expected]) => ({ key, message: `${expected}, ${got}` }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The dotted names of all properties in a JSON value. */
function namesIn(json: unknown, prefix = ""): string[] {
  if (typeof json !== "object" || json === null) return [prefix];
  return Object.entries(json).flatMap(([key, value]) =>
    namesIn(value, prefix === "" ? key : `${prefix}.${key}`),
  );
}

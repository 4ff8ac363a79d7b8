import { InvalidInput } from "#rollout/common/errors.ts";
import { unknownSetting } from "#rollout/common/unknownSetting.ts";
import { integer } from "#rollout/request/fields.ts";
import { problemsOf } from "#rollout/request/validate.ts";
import { textOf } from "./reader.ts";

const FROM_THE_STACK_FILE = ["name", "address", "port", "healthPort", "zone"];
const OPTIONS = ["jvmOptions", "arguments", "environment"];

/** The entries of `hosts`, completed with the kind's defaults; values in the stack file win. */
export function readHosts(
  entries: readonly unknown[],
  complete: (entry: { readonly name?: unknown; readonly address?: unknown }, index: number) => object,
  more: readonly string[] = [],
): object[] {
  return entries.map((entry, index) => {
    const given = withTextName(Object(entry), `hosts[${index}].name`);
    const known = [...FROM_THE_STACK_FILE, ...more];
    const places = Object.entries(typeof entry === "object" ? given : {}).filter(
      ([key]) => !OPTIONS.includes(key),
    );
    const unknown = places.find(([key]) => !known.includes(key))?.[0];
    if (unknown !== undefined)
      throw new InvalidInput(`hosts[${index}].${unknown}`, unknownSetting(unknown, [...known, ...OPTIONS]));
    return { ...complete(given, index), ...Object.fromEntries(places) };
  });
}

/** YAML reads a name such as 7 as a number. */
function withTextName(host: { readonly name?: unknown }, property: string): object {
  return host.name === undefined ? host : { ...host, name: textOf(property, host.name) };
}

/** Gives the common `healthPort` to hosts without their own; 0 stands for the application's port. */
export function withHealthPort(hosts: readonly unknown[], healthPort: unknown): object[] {
  if (healthPort === 0) return hosts.map((host) => ({ ...Object(host) }));
  const problem = problemsOf(integer(0, 65535), healthPort)[0];
  if (problem) throw new InvalidInput("healthPort", problem.reason);
  return hosts.map((host) => ({ healthPort, ...Object(host) }));
}

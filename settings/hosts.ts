import { InvalidInput } from "#rollout/common/errors.ts";

const FROM_THE_STACK_FILE = ["name", "address", "port"];

/** The entries of `hosts`, each with what the kind adds to it; what the stack file says of a host wins. */
export function readHosts(
  entries: readonly unknown[],
  complete: (entry: { readonly name?: unknown; readonly address?: unknown }, index: number) => object,
  more: readonly string[] = [],
): object[] {
  return entries.map((entry, index) => {
    const given = Object(entry);
    const unknown = Object.keys(typeof entry === "object" ? given : {}).find(
      (key) => !FROM_THE_STACK_FILE.includes(key) && !more.includes(key),
    );
    if (unknown !== undefined) throw new InvalidInput(`hosts[${index}].${unknown}`, "unknown setting");
    return { ...complete(given, index), ...given };
  });
}

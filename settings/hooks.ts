import { textOf } from "./reader.ts";

/** The hooks, each a list with its defaults filled in, and what they are told; nothing if there are none. */
export function readHooks(
  given: object,
  stack: string,
): { readonly hooks?: object; readonly stack?: string } {
  const entries = Object.entries(given);
  if (entries.length === 0) return {};
  const hooks = Object.fromEntries(entries.map(([key, value]) => [key, readMoment(key, value)]));
  return { hooks, stack };
}

function readMoment(key: string, value: unknown): unknown[] {
  const hooks = Array.isArray(value) ? value : [value];
  return hooks.map((hook, index) => {
    if (typeof hook !== "object" || hook === null || !Array.isArray(hook.command)) return withDefaults(hook);
    // YAML reads a word such as 7 as a number.
    const words = hook.command.map((word: unknown, at: number) =>
      textOf(`hooks.${key}[${index}].command[${at}]`, word),
    );
    return withDefaults({ ...hook, command: words });
  });
}

function withDefaults(hook: unknown): unknown {
  if (typeof hook !== "object" || hook === null) return hook;
  return { where: "deployer", deadlineSeconds: 300, ...hook };
}

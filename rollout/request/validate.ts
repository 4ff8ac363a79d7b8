import type { z } from "zod";
import { InvalidInput } from "../common/errors.ts";

/** Validates `input` and returns it typed; throws `InvalidInput` for the first problem. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [first] = result.error.issues.map(describeIssue);
  throw first ?? result.error;
}

/** All problems of `input`, each with the path of the setting. */
export function problemsOf(schema: z.ZodType, input: unknown): InvalidInput[] {
  const result = schema.safeParse(input);
  return result.success ? [] : result.error.issues.map(describeIssue);
}

function describeIssue(issue: z.core.$ZodIssue): InvalidInput {
  if (issue.code === "unrecognized_keys") {
    return new InvalidInput(pathOf([...issue.path, ...issue.keys.slice(0, 1)]), "unknown setting");
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
  return new InvalidInput(pathOf(issue.path), message ?? issue.message);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    "",
  );
}

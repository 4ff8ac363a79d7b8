import type { z } from "zod";
import { parse } from "./validate.ts";

/** Picks the fields of a schema from inputs that have more, and validates them. */
export function partOf<T>(schema: z.ZodObject & z.ZodType<T>, inputs: object): T {
  const keys = Object.keys(schema.shape).filter((key) => Reflect.get(inputs, key) !== undefined);
  return parse(schema, Object.fromEntries(keys.map((key) => [key, Reflect.get(inputs, key)])));
}

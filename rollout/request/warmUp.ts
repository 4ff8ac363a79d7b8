import { z } from "zod";
import { integer, show, text } from "./fields.ts";

const MOST_PATHS = 50;

/** A path with an optional query. */
const page = text.regex(/^\/[A-Za-z0-9._~!&()*+,=:@%/?-]*$/, {
  error: (issue) => `expected a path such as /orders?page=1, got ${show(issue.input)}`,
});

/** The requests that a new JVM gets before clients do; they end after `seconds`, even if some were not sent. */
export const warmUp = z.strictObject({
  paths: z
    .array(page, { error: (issue) => `expected a list of paths, got ${show(issue.input)}` })
    .min(1, { error: "expected at least one path, got none" })
    .max(MOST_PATHS, { error: `expected at most ${MOST_PATHS} paths` }),
  requests: integer(1, 100_000),
  seconds: integer(1, 600),
});
export type WarmUp = z.infer<typeof warmUp>;

import { z } from "zod";
import { show } from "../fields.ts";
import { pathStart } from "./siteFields.ts";

/** Where nginx passes on an answer as it comes; event streams always are. */
export const buffering = z.strictObject({
  off: z
    .array(pathStart, { error: (issue) => `expected a list of paths, got ${show(issue.input)}` })
    .min(1, { error: "expected at least one path, got none" })
    .max(50, { error: "expected at most 50 paths" }),
});

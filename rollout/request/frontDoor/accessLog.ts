import { z } from "zod";
import { integer, show } from "../fields.ts";
import { nginxPath } from "./siteFields.ts";

/** A line for each request, and when its file is replaced by a new one. */
export const accessLog = z.strictObject({
  format: z.enum(["combined", "json"], {
    error: (issue) => `expected off, combined or json, got ${show(issue.input)}`,
  }),
  /** On nginx's machine; next to the error log unless given. */
  path: nginxPath.exactOptional(),
  rotateMegabytes: integer(1, 100_000),
  /** How many old files stay. */
  keep: integer(1, 100),
});
export type AccessLog = z.infer<typeof accessLog>;

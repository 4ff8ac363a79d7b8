import { z } from "zod";
import { absolutePath, show } from "../fields.ts";

/** A path that needs no quoting for nginx, a shell or sudo. */
export const plainPath = absolutePath.regex(/^(\/[A-Za-z0-9_.][A-Za-z0-9._-]*)+$/, {
  error: (issue) => `expected an absolute path without special characters, got ${show(issue.input)}`,
});

/** An nginx that is not this stack's: somebody's own, or another stack's. */
export const foreignNginx = z.union([
  z.strictObject({
    /** The file with the pid of its master. */
    pidFile: absolutePath,
    /** The folder of which its `http` block includes every `*.conf`. */
    includeDirectory: absolutePath,
  }),
  z.strictObject({
    /** The folder of another stack's nginx. */
    stack: absolutePath,
  }),
]);
export type ForeignNginx = z.infer<typeof foreignNginx>;

import { z } from "zod";
import { show, text } from "../fields.ts";

const LONGEST_FILE = 256 * 1024;

/** An absolute path that needs no escaping for nginx. */
export const nginxPath = text.regex(/^\/(?!.*(^|\/)\.\.?(\/|$))[A-Za-z0-9._~+@%,=:/ -]*$/, {
  error: (issue) => `expected an absolute path without .. and special characters, got ${show(issue.input)}`,
});

/** The start of a URL path, as nginx sees it: decoded, with single slashes. */
export const pathStart = text.regex(/^\/(?!.*(\/\/|\/\.\.?(\/|$)))[A-Za-z0-9._~!&()*+,=:@/-]*$/, {
  error: (issue) => `expected the start of a path such as /exports, got ${show(issue.input)}`,
});

/** A number with nginx's suffix, such as `10m`; digits may come as a number. */
export function size(pattern: RegExp, expected: string) {
  return z.preprocess(
    (value) => (typeof value === "number" ? String(value) : value),
    text.regex(pattern, { error: (issue) => `expected ${expected}, got ${show(issue.input)}` }),
  );
}

/** True or false. */
export const flag = z.boolean({ error: (issue) => `expected true or false, got ${show(issue.input)}` });

/** A small file of the project that goes to nginx's machine. */
export const ownFile = z.strictObject({
  /** As the user wrote it, for messages. */
  path: text,
  text: text.max(LONGEST_FILE, { error: `expected a file of at most ${LONGEST_FILE / 1024} KiB` }),
});
export type OwnFile = z.infer<typeof ownFile>;

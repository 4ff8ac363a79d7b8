import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { z } from "zod";

/** An integer with bounds; the message names the bounds and the value. */
export function integer(minimum: number, maximum: number) {
  return z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
    { error: (issue) => `expected ${minimum}–${maximum}, got ${show(issue.input)}` },
  );
}

/** Any string. */
export const text = z.string({ error: (issue) => `expected a string, got ${show(issue.input)}` });
/** An absolute path. */
export const absolutePath = text.refine(isAbsolute, {
  error: (issue) => `expected an absolute path, got ${show(issue.input)}`,
});
/** The name of a host, used in paths, upstreams and messages. */
export const name = text.regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, {
  error: (issue) => `expected 1–32 lower-case letters, digits and inner hyphens, got ${show(issue.input)}`,
});
/** An IP address without a zone. */
export const address = text.refine((value) => isIP(value) !== 0 && !value.includes("%"), {
  error: (issue) => `expected an IP address, got ${show(issue.input)}`,
});
/** The address of one host; an unspecified one never shows up in the kernel's table of connections. */
export const hostAddress = address.refine((value) => !/^(0\.0\.0\.0|[0:]+|::ffff:.*)$/i.test(value), {
  error: (issue) => `expected the address of one host, got ${show(issue.input)}`,
});
/** A URL path, with characters that need no quoting for nginx. */
export const urlPath = text.regex(/^\/[A-Za-z0-9._~!&()*+,=:@%/-]*$/, {
  error: (issue) => `expected a path such as /actuator/health, got ${show(issue.input)}`,
});

/** A status such as `200`, also as a number, or a class such as `2xx`. */
export const statuses = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  text.regex(/^[1-5](\d\d|xx)$/, {
    error: (issue) => `expected a status such as 200 or 2xx, got ${show(issue.input)}`,
  }),
);

/** Formats an invalid value for a message. */
export function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

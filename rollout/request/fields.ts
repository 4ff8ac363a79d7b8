import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { z } from "zod";

/** A number of the settings with its bounds; the message names them and what came instead. */
export function integer(minimum: number, maximum: number) {
  return z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
    { error: (issue) => `expected ${minimum}–${maximum}, got ${show(issue.input)}` },
  );
}

/** Any text. */
export const text = z.string({ error: (issue) => `expected a string, got ${show(issue.input)}` });
/** A path from the root of the file system. */
export const absolutePath = text.refine(isAbsolute, {
  error: (issue) => `expected an absolute path, got ${show(issue.input)}`,
});
/** The name of a host: part of paths, of upstreams and of messages. */
export const name = text.regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, {
  error: (issue) => `expected 1–32 lower-case letters, digits and inner hyphens, got ${show(issue.input)}`,
});
/** An IP address without a zone. */
export const address = text.refine((value) => isIP(value) !== 0 && !value.includes("%"), {
  error: (issue) => `expected an IP address, got ${show(issue.input)}`,
});
/** An address that a connection can be told by: an unspecified one never stands in the kernel's table. */
export const hostAddress = address.refine((value) => !/^(0\.0\.0\.0|[0:]+|::ffff:.*)$/i.test(value), {
  error: (issue) => `expected the address of one host, got ${show(issue.input)}`,
});
/** A path on a host, of characters that nginx takes as they are. */
export const urlPath = text.regex(/^\/[A-Za-z0-9._~!&()*+,=:@%/-]*$/, {
  error: (issue) => `expected a path such as /actuator/health, got ${show(issue.input)}`,
});

/** A status such as `200`, or a class of them such as `2xx`; a number is taken, too. */
export const statuses = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  text.regex(/^[1-5](\d\d|xx)$/, {
    error: (issue) => `expected a status such as 200 or 2xx, got ${show(issue.input)}`,
  }),
);

/** What came instead, for a message. */
export function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

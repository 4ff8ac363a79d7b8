import { join } from "node:path";
import type { NginxPlace } from "./machineNginxAccess.ts";

/** Where an nginx is that is not this stack's own, and how its files get ours. */
export interface ForeignPlace extends NginxPlace {
  /** Its pid file, or the prefix in its command line: what tells its master from others. */
  readonly master: string;
  readonly executable: string;
  /** How it is tested and reloaded. */
  readonly means: Means;
  /** The folder of which its `http` block includes every `*.conf`. */
  readonly httpFolder: string;
  /** The folder of the stack whose nginx it is, if it is a stack's. */
  readonly owner?: string;
  /** What its server block includes; absent if a server block of its owner's has our line. */
  readonly siteFolder?: string;
  /** The name of our files there, without `.conf`. */
  readonly name: string;
}

/**
 * `signal`: nginx is this account's, or this account is root. `unit`: it is root's nginx.service, and provisioning gave the
 * rights. `stack`: it is the unit of another stack, whose rights this account has.
 */
export type Means = "signal" | "unit" | "stack";

/** A file that makes a foreign nginx include ours. */
export interface Attachment {
  readonly file: string;
  readonly text: string;
}

/** The files that make a foreign nginx include ours. */
export function attachments(
  place: Pick<ForeignPlace, "directory" | "httpFolder" | "siteFolder" | "name">,
): Attachment[] {
  const { directory, httpFolder, siteFolder, name } = place;
  const attached = (folder: string, include: string) => ({
    file: join(folder, `${name}.conf`),
    text: `${attachmentMark(directory)}\ninclude ${quoted(include)};\n`,
  });
  return [
    attached(httpFolder, httpInclude(directory)),
    ...(siteFolder === undefined ? [] : [attached(siteFolder, siteInclude(directory))]),
  ];
}

/** The first line of such a file, which says whose it is. */
export function attachmentMark(directory: string): string {
  return `# Written by rollgate for ${directory}.`;
}

/** What the `http` block includes: a pattern, because nginx accepts one that matches nothing. */
export function httpInclude(directory: string): string {
  return join(directory, "live", "http*.conf");
}

/** What a server block includes. */
export function siteInclude(directory: string): string {
  return join(directory, "live", "server*.conf");
}

function quoted(path: string): string {
  return /[^\w./*-]/.test(path) ? `"${path}"` : path;
}

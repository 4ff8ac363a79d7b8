import { createHash } from "node:crypto";
import { z } from "zod";
import { CLOSE_CONNECTIONS } from "./closeConnections.ts";

/** Where nginx serves a configuration of ours. */
export interface ServedPlace {
  readonly address: string;
  readonly port: number;
  readonly controlPort: number;
  readonly tlsPort?: number;
  readonly fingerprint: string;
}

/** What a file next to `nginx.conf` is: a script of ours, or a user's directives or page. */
type Kind = "js" | "conf" | "page";

/** The name of a file next to `nginx.conf`, with the hash of its content. */
const HASHED = /\brollgate-[0-9a-f]{16}\.(?:js|conf|page)\b/g;

/** The files that `servedConfiguration` reads, for a script. */
export const SERVED_FILES = ["nginx.conf.old", "nginx.conf", CLOSE_CONNECTIONS, "rollgate-*"];

/** The name of a file with this content, so that a change of it changes `nginx.conf`. */
export function hashedName(text: string, kind: Kind): string {
  return `rollgate-${hashOf(text)}.${kind}`;
}

/** Whether a file next to `nginx.conf` belongs to a configuration. */
export function isHashed(name: string): boolean {
  return new RegExp(`^${HASHED.source}$`).test(name);
}

/**
 * What nginx would serve after a restart: the text of `nginx.conf`, with a comment added if a file that it names is missing
 * or was edited, so that it shows up as drift. `read` returns `undefined` if there is no such file.
 */
export async function servedConfiguration(
  read: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  // Left behind by a change that was interrupted before nginx was seen to serve it.
  const kept = await read("nginx.conf.old");
  if (kept !== undefined) return `${kept}# a change was not confirmed\n`;
  const text = await read("nginx.conf");
  if (text !== undefined && (await read(CLOSE_CONNECTIONS)) !== undefined)
    return `${text}# ${CLOSE_CONNECTIONS} was left behind\n`;
  if (text === undefined) return undefined;
  const problem = await fileProblem(text, read);
  return problem === undefined ? text : `${text}# ${problem}\n`;
}

/** Whether a file that a configuration uses is missing or was edited; `undefined` if none is. */
export async function fileProblem(
  text: string,
  read: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const name of new Set(text.match(HASHED))) {
    const held = await read(name);
    if (held === undefined) return `${name} is missing`;
    if (!name.includes(hashOf(held))) return `${name} was edited`;
  }
  return undefined;
}

const place = z.object({
  address: z.string(),
  port: z.number(),
  controlPort: z.number(),
  tlsPort: z.number().exactOptional(),
});

/** The place and fingerprint in a configuration of ours; `undefined` for any other file. */
export function servedPlace(configuration: string): ServedPlace | undefined {
  const [, json] = /^# place: (.*)$/m.exec(configuration) ?? [];
  const [, fingerprint] = /return 200 "[a-z-]+ ([0-9a-f]{16})";/.exec(configuration) ?? [];
  return json && fingerprint ? { ...place.parse(JSON.parse(json)), fingerprint } : undefined;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

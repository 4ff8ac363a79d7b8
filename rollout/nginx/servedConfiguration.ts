import { createHash } from "node:crypto";
import { z } from "zod";
import { CLOSE_CONNECTIONS } from "./closeConnections.ts";

/** Where nginx serves a configuration of ours. */
export interface ServedPlace {
  readonly address: string;
  readonly port: number;
  readonly controlPort: number;
  readonly fingerprint: string;
}

/** The name of a script next to `nginx.conf`, with the hash of its content. */
const SCRIPT = /\brollgate-([0-9a-f]{16})\.js\b/;

/** The name of a script with this content. */
export function scriptName(text: string): string {
  return `rollgate-${hashOf(text)}.js`;
}

/** Whether a file next to `nginx.conf` is a script of ours. */
export function isScript(name: string): boolean {
  return new RegExp(`^${SCRIPT.source}$`).test(name);
}

/**
 * What nginx would serve after a restart: the text of `nginx.conf`, with a comment added if a script is missing or was
 * edited, so that it shows up as drift. `read` returns `undefined` if there is no such file.
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
  const problem = await scriptProblem(text, read);
  return problem === undefined ? text : `${text}# ${problem}\n`;
}

/** Whether the script that a configuration uses is missing or was edited; `undefined` if neither. */
export async function scriptProblem(
  text: string,
  read: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const [script] = SCRIPT.exec(text) ?? [];
  if (script === undefined) return undefined;
  const held = await read(script);
  if (held === undefined) return `${script} is missing`;
  return scriptName(held) === script ? undefined : `${script} was edited`;
}

const place = z.object({ address: z.string(), port: z.number(), controlPort: z.number() });

/** The place and fingerprint in a configuration of ours; `undefined` for any other file. */
export function servedPlace(configuration: string): ServedPlace | undefined {
  const [, json] = /^# place: (.*)$/m.exec(configuration) ?? [];
  const [, fingerprint] = /return 200 "[a-z-]+ ([0-9a-f]{16})";/.exec(configuration) ?? [];
  return json && fingerprint ? { ...place.parse(JSON.parse(json)), fingerprint } : undefined;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

import { createHash } from "node:crypto";
import { CLOSING } from "./closeConnections.ts";

/** Where a configuration of ours is served. */
export interface ServedPlace {
  readonly address: string;
  readonly port: number;
  readonly fingerprint: string;
}

/** A script beside `nginx.conf`; the name says what it holds. */
const SCRIPT = /\brollgate-([0-9a-f]{16})\.js\b/;

/** The name of a script that holds this text. */
export function scriptName(text: string): string {
  return `rollgate-${hashOf(text)}.js`;
}

/** Whether a file beside `nginx.conf` is a script that was written here. */
export function isScript(name: string): boolean {
  return new RegExp(`^${SCRIPT.source}$`).test(name);
}

/**
 * What nginx would serve after a restart: the text of `nginx.conf`, with a word about a script of it that is missing
 * or was edited, so that this is as good as an edit of `nginx.conf`. `read` gives `undefined` for no such file.
 */
export async function servedConfiguration(
  read: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  // Still there: whoever changed it died or was cut off before nginx was seen to serve the new one.
  const kept = await read("nginx.conf.old");
  if (kept !== undefined) return `${kept}# a change was not confirmed\n`;
  const text = await read("nginx.conf");
  if (text !== undefined && (await read(CLOSING)) !== undefined)
    return `${text}# ${CLOSING} was left behind\n`;
  const [script] = SCRIPT.exec(text ?? "") ?? [];
  if (text === undefined || script === undefined) return text;
  const held = await read(script);
  if (held === undefined) return `${text}# ${script} is missing\n`;
  return scriptName(held) === script ? text : `${text}# ${script} was edited\n`;
}

/** Where a configuration listens, and what it answers to tell itself from others; `undefined` for a file that is not ours. */
export function servedPlace(configuration: string): ServedPlace | undefined {
  const [, v6, v4, port] = /^\s*listen (?:\[([^\]]+)\]|([\d.]+)):(\d+)/m.exec(configuration) ?? [];
  const [, fingerprint] = /return 200 "[a-z-]+ ([0-9a-f]{16})";/.exec(configuration) ?? [];
  const address = v4 ?? v6;
  return address && fingerprint ? { address, port: Number(port), fingerprint } : undefined;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

import { versionOf } from "../release/release.ts";
import type { Facts } from "../request/placeholders.ts";
import type { Place } from "./gates.ts";

/** What checks can ask about. */
export function factsOf({ host, slot }: Place, release: string): Facts {
  const { address, port } = slot;
  return { release, version: versionOf(release), host: host.name, address, port: String(port) };
}

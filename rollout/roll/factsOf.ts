import { isIPv6 } from "node:net";
import { versionOf } from "../release/release.ts";
import type { Facts } from "../request/placeholders.ts";
import type { Place } from "./gates.ts";

interface Named {
  readonly host: Pick<Place["host"], "name">;
  readonly slot: Pick<Place["slot"], "address" | "port">;
}

/** What checks can ask about. */
export function factsOf({ host, slot }: Named, release: string): Facts {
  const port = String(slot.port);
  const address = isIPv6(slot.address) ? `[${slot.address}]` : slot.address;
  return { release, version: versionOf(release), host: host.name, address, port };
}

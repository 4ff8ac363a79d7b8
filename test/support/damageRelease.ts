import { chmodSync, closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { LocalFleet } from "../../harness/localFleet.ts";

/** Overwrites some bytes in the middle of a jar on a host, as a bad disk would; returns the jar's path. */
export function damageRelease(fleet: LocalFleet, host: string, release: string): string {
  const jar = join(fleet.host(host).directory, "releases", release, "app.jar");
  chmodSync(jar, 0o644);
  const file = openSync(jar, "r+");
  writeSync(file, Buffer.from("not what it was"), 0, 15, Math.floor(statSync(jar).size / 2));
  closeSync(file);
  return jar;
}

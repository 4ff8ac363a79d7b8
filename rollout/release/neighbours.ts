import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Manifest } from "./manifest.ts";

const SPRING_BOOT_LAUNCHER = /^org\.springframework\.boot\.loader\./;

/**
 * The first file beside an archive that `java -jar` takes into its class path, and that a copy of the archive alone would
 * miss. Spring Boot's launcher brings all its libraries along: what is listed beyond is left over from the build, unless
 * it is really there.
 */
export function findNeighbour(path: string, manifest: Manifest): string | undefined {
  const entries = (manifest.get("class-path") ?? "").split(" ").filter(Boolean);
  const relative = entries.filter((entry) => !/^([a-z][a-z0-9+.-]*:|\/)/i.test(entry));
  if (!SPRING_BOOT_LAUNCHER.test(manifest.get("main-class") ?? "")) return relative[0];
  return relative.find((entry) => existsSync(resolve(dirname(path), decodeURI(entry))));
}

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Manifest } from "./manifest.ts";

/** A file beside an archive, and the attribute of the manifest that names it. */
export interface Neighbour {
  readonly file: string;
  readonly attribute: "Class-Path" | "Loader-Path";
}

const SPRING_BOOT_LAUNCHER = /^org\.springframework\.boot\.loader\./;

/**
 * The first file beside an archive that `java -jar` takes into its class path, and that a copy of the archive alone would
 * miss. Spring Boot's launcher brings all its libraries along: what is listed beyond is left over from the build, unless
 * it is really there.
 */
export function findNeighbour(path: string, manifest: Manifest): Neighbour | undefined {
  const classPath = listed(manifest, "Class-Path", " ");
  if (!SPRING_BOOT_LAUNCHER.test(manifest.get("main-class") ?? "")) return classPath[0];
  const all = [...classPath, ...listed(manifest, "Loader-Path", ",")];
  return all.find(({ file }) => existsSync(resolve(dirname(path), file)));
}

/** What an attribute names relative to the archive; a path from the root leads to the same file everywhere. */
function listed(manifest: Manifest, attribute: Neighbour["attribute"], separator: string): Neighbour[] {
  const all = (manifest.get(attribute.toLowerCase()) ?? "").split(separator).map((entry) => entry.trim());
  const relative = all.filter((entry) => entry !== "" && !/^([a-z][a-z0-9+.-]*:|\/)/i.test(entry));
  return relative.map((file) => ({ file, attribute }));
}

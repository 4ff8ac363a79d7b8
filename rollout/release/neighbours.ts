import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Manifest } from "./manifest.ts";

/** A file next to an archive, and the manifest attribute that names it. */
export interface Neighbour {
  readonly file: string;
  readonly attribute: "Class-Path" | "Loader-Path";
}

const SPRING_BOOT_LAUNCHER = /^org\.springframework\.boot\.loader\./;

/**
 * The first file next to an archive that `java -jar` puts on the class path and that a copy of the archive would lack.
 * With Spring Boot's launcher all libraries are inside the archive, so entries count only if the file exists; others
 * are left over from the build.
 */
export function findNeighbour(path: string, manifest: Manifest): Neighbour | undefined {
  const classPath = listed(manifest, "Class-Path", " ");
  if (!SPRING_BOOT_LAUNCHER.test(manifest.get("main-class") ?? "")) return classPath[0];
  const all = [...classPath, ...listed(manifest, "Loader-Path", ",")];
  return all.find(({ file }) => existsSync(resolve(dirname(path), file)));
}

/** The relative paths in an attribute; absolute ones don't depend on where the archive is. */
function listed(manifest: Manifest, attribute: Neighbour["attribute"], separator: string): Neighbour[] {
  const all = (manifest.get(attribute.toLowerCase()) ?? "").split(separator).map((entry) => entry.trim());
  const relative = all.filter((entry) => entry !== "" && !/^([a-z][a-z0-9+.-]*:|\/)/i.test(entry));
  return relative.map((file) => ({ file, attribute }));
}

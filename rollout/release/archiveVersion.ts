import { basename } from "node:path";
import { parse } from "dot-properties";
import { type ArchiveMetadata, BUILD_INFO, POM_PROPERTIES } from "./archiveMetadata.ts";
import type { Manifest } from "./manifest.ts";

/** The version the build wrote into an archive: with Spring Boot's plugins, as Implementation-Version, or with Maven. */
export function findVersion(path: string, metadata: ArchiveMetadata, manifest: Manifest): string | undefined {
  const buildInfo = BUILD_INFO.map((name) => property(metadata.get(name), "build.version")).find(Boolean);
  return buildInfo || manifest.get("implementation-version") || pomVersion(path, metadata, manifest);
}

/** If libraries were unpacked into the jar, it also has their coordinates; its own match its name. */
function pomVersion(path: string, metadata: ArchiveMetadata, manifest: Manifest): string | undefined {
  const poms = [...metadata]
    .filter(([name]) => POM_PROPERTIES.test(name))
    .map(([, text]) => ({ artifact: property(text, "artifactId"), version: property(text, "version") }));
  const names = [manifest.get("implementation-title"), basename(path).replace(/\.[jw]ar$/i, "")];
  const own = poms.filter(
    ({ artifact, version }) => names.includes(artifact) || names.includes(`${artifact}-${version}`),
  );
  const [only] = poms.length === 1 ? poms : own;
  return poms.length === 1 || own.length === 1 ? only?.version : undefined;
}

function property(text: string | undefined, key: string): string | undefined {
  const value = text === undefined ? undefined : parse(text)[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidInput, isSystemError, messageOf } from "../common/errors.ts";
import { within } from "../common/within.ts";
import { type ArchiveMetadata, MANIFEST, readArchiveMetadata } from "./archiveMetadata.ts";
import { findVersion } from "./archiveVersion.ts";
import { hashFile } from "./hashFile.ts";
import { parseManifest } from "./manifest.ts";
import { findNeighbour } from "./neighbours.ts";
import { NotAZip } from "./openZip.ts";
import type { Release } from "./release.ts";

/** The jar may be on a network drive. */
const IDENTIFY_SECONDS = 300;

/** An executable archive on the deployer's machine; `path` is absolute. */
export type Jar = Release;

/**
 * Reads the version of an archive, unless one is given, and its SHA-256. Throws `InvalidInput` for anything that
 * `java -jar` could not run, or would run differently once copied.
 */
export async function identifyJar(file: string, givenVersion?: string): Promise<Jar> {
  return within(IDENTIFY_SECONDS, `reading ${file}`, identify(resolve(file), givenVersion));
}

async function identify(path: string, givenVersion: string | undefined): Promise<Jar> {
  await requireFile(path);
  const metadata = await readMetadata(path);
  const text = metadata.get(MANIFEST);
  if (text === undefined) {
    throw refusal(`expected an executable jar, got a zip without ${MANIFEST}: ${path}`);
  }
  const manifest = parseManifest(text);
  if (!manifest.get("main-class")) {
    throw refusal(`expected an executable jar, got one whose manifest has no Main-Class: ${path}`);
  }
  const neighbour = findNeighbour(path, manifest);
  if (neighbour !== undefined) {
    throw refusal(
      `expected a self-contained jar, as built by spring-boot:repackage or bootJar, got one that needs ${neighbour.file} next to it (${neighbour.attribute} in its manifest): ${path}`,
    );
  }
  const version = givenVersion ?? findVersion(path, metadata, manifest);
  if (version === undefined) {
    throw refusal(
      `expected a version in META-INF/build-info.properties (or below BOOT-INF/classes or WEB-INF/classes), as Implementation-Version in the manifest, in the application's META-INF/maven/…/pom.properties or in the setting version, got none: ${path}`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(version)) {
    const reason = `expected a version of letters, digits and . _ + -, got ${JSON.stringify(version)}`;
    throw givenVersion === undefined
      ? refusal(`${reason}: ${path}`)
      : new InvalidInput("jar.version", reason);
  }
  return { path, version, sha256: await hashFile(path) };
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) throw refusal(`expected a jar, found no file: ${path}`);
    throw refusal(`expected a readable jar, got ${messageOf(error)}`);
  });
  if (found.isDirectory()) throw refusal(`expected a jar, got a directory: ${path}`);
  if (!found.isFile()) throw refusal(`expected a jar, got something that is not a regular file: ${path}`);
  if (found.size === 0) throw refusal(`expected a jar, got an empty file: ${path}`);
  await access(path, constants.R_OK).catch(() => {
    throw refusal(`expected a readable jar, got one that this user may not read: ${path}`);
  });
}

async function readMetadata(path: string): Promise<ArchiveMetadata> {
  try {
    return await readArchiveMetadata(path);
  } catch (error) {
    if (error instanceof NotAZip) throw refusal(`expected a jar, got ${error.message}: ${path}`, error);
    throw error;
  }
}

function refusal(reason: string, cause?: unknown): InvalidInput {
  return new InvalidInput("jar", reason, { cause });
}

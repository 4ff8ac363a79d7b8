import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { parse as parseProperties } from "dot-properties";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { InvalidInput, isSystemError, messageOf } from "../common/errors.ts";
import { hashFile } from "./hashFile.ts";
import type { Release } from "./release.ts";

/** An executable archive on the deployer's machine; `path` is absolute. */
export type Jar = Release;

/**
 * Opens the jar and says what it is: the version from `META-INF/build-info.properties`
 * (`build.version`), else from the manifest (`Implementation-Version`), and the SHA-256 of the file.
 * Throws `InvalidInput` for anything that `java -jar` could not run.
 */
export async function identifyJar(file: string): Promise<Jar> {
  const path = resolve(file);
  await requireFile(path);
  const { manifest, buildInfo } = await readMetadata(path);
  if (manifest === undefined)
    throw refusal(`expected an executable jar, got a zip without META-INF/MANIFEST.MF: ${path}`);
  const attributes = parseManifest(manifest);
  if (!attributes.get("Main-Class")) {
    throw refusal(`expected an executable jar, got one whose manifest has no Main-Class: ${path}`);
  }
  const version = buildInfoVersion(buildInfo) || attributes.get("Implementation-Version");
  if (!version) {
    throw refusal(
      `expected a version in META-INF/build-info.properties or as Implementation-Version in the manifest, got none: ${path}`,
    );
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/.test(version)) {
    throw refusal(
      `expected a version of letters, digits and . _ + -, got ${JSON.stringify(version)}: ${path}`,
    );
  }
  return { path, version, sha256: await hashFile(path) };
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) throw refusal(`expected a jar, found no file: ${path}`);
    throw refusal(`expected a readable jar, got ${messageOf(error)}`);
  });
  if (found.isDirectory()) throw refusal(`expected a jar, got a directory: ${path}`);
  if (!found.isFile()) throw refusal(`expected a jar, got something that is no regular file: ${path}`);
  if (found.size === 0) throw refusal(`expected a jar, got an empty file: ${path}`);
  await access(path, constants.R_OK).catch(() => {
    throw refusal(`expected a readable jar, this user may not read it: ${path}`);
  });
}

interface Metadata {
  manifest?: string;
  buildInfo?: string;
}

async function readMetadata(path: string): Promise<Metadata> {
  const metadata: Metadata = {};
  try {
    const zip = await openPromise(path);
    try {
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName === "META-INF/MANIFEST.MF") metadata.manifest = await readEntry(zip, entry);
        if (/^(BOOT-INF\/classes\/)?META-INF\/build-info\.properties$/.test(entry.fileName)) {
          metadata.buildInfo = await readEntry(zip, entry);
        }
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (await startsLikeZip(path)) {
      throw refusal(`expected a whole jar, got a truncated or damaged one: ${path}`, error);
    }
    throw refusal(`expected a jar, got a file that is no zip archive: ${path}`, error);
  }
  return metadata;
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function startsLikeZip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.readUInt32LE(0) === 0x04034b50;
  } finally {
    await file.close();
  }
}

function buildInfoVersion(text: string | undefined): string | undefined {
  const version = text === undefined ? undefined : parseProperties(text)["build.version"];
  return typeof version === "string" ? version : undefined;
}

/** The main section; a line that starts with a space continues the one before (JAR File Specification). */
function parseManifest(text: string): Map<string, string> {
  const [main = ""] = text.replaceAll(/\r\n?/g, "\n").replaceAll("\n ", "").split("\n\n");
  return new Map(
    main.split("\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(": ");
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 2).trim()]];
    }),
  );
}

function refusal(reason: string, cause?: unknown): InvalidInput {
  return new InvalidInput("jar", reason, { cause });
}

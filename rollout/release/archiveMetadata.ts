import type { Entry, ZipFile } from "yauzl";
import { messageOf } from "../common/errors.ts";
import { NotAZip, openZip } from "./openZip.ts";

/** The contents of an archive's descriptive files, by name. */
export type ArchiveMetadata = ReadonlyMap<string, string>;

export const MANIFEST = "META-INF/MANIFEST.MF";
/** Where Spring Boot's plugins put it: in a 3.x jar, in older jars, in a war. */
export const BUILD_INFO = ["", "BOOT-INF/classes/", "WEB-INF/classes/"].map(
  (folder) => `${folder}META-INF/build-info.properties`,
);
/** Where plugins of Maven and Gradle say which commit was built. */
export const GIT_PROPERTIES = ["BOOT-INF/classes/", "WEB-INF/classes/", ""].map(
  (folder) => `${folder}git.properties`,
);
/** Where Maven puts the application's coordinates; those of libraries are in their own jars. */
export const POM_PROPERTIES = /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/;

const STORED = 0;
const DEFLATED = 8;

/** Reads the files that identify an archive; throws `NotAZip` if Java could not read it. */
export async function readArchiveMetadata(path: string): Promise<ArchiveMetadata> {
  try {
    const zip = await openZip(path);
    try {
      return await readTexts(zip);
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof NotAZip) throw error;
    throw new NotAZip(`a damaged one: ${messageOf(error)}`, { cause: error });
  }
}

async function readTexts(zip: ZipFile): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    const isWanted =
      entry.fileName === MANIFEST ||
      BUILD_INFO.includes(entry.fileName) ||
      GIT_PROPERTIES.includes(entry.fileName) ||
      POM_PROPERTIES.test(entry.fileName);
    if (isWanted) texts.set(entry.fileName, await readEntry(zip, entry));
  }
  return texts;
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<string> {
  const { fileName, compressionMethod } = entry;
  if (entry.isEncrypted()) throw new NotAZip(`an encrypted one: ${fileName}`);
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
    throw new NotAZip(`one that Java cannot unpack: ${fileName} has compression method ${compressionMethod}`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

import { writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** The bytes of a zip archive whose entries are stored as they are, after `prefix`; APPNOTE.TXT of PKWARE, 4.3. */
export function zip(entries: Readonly<Record<string, string | Buffer>>, prefix = Buffer.alloc(0)): Buffer {
  const parts: Buffer[] = [prefix];
  const directory: Buffer[] = [];
  let offset = prefix.length;
  for (const [name, content] of Object.entries(entries)) {
    const [path, data] = [Buffer.from(name), Buffer.from(content)];
    // Shared by both headers: version, flags, method, time and date (1980-01-01), checksum, sizes, lengths.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x21, 8);
    shared.writeUInt32LE(crc32(data), 10);
    shared.writeUInt32LE(data.length, 14);
    shared.writeUInt32LE(data.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), shared, path, data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), shared, place, path);
    parts.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(entries).length, 4);
  end.writeUInt16LE(Object.keys(entries).length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, index, Buffer.from("PK\x05\x06"), end]);
}

export const MANIFEST = "META-INF/MANIFEST.MF";
export const BUILD_INFO = "BOOT-INF/classes/META-INF/build-info.properties";

/** Writes a jar with a Main-Class and this version in its manifest, plus `entries`. */
export async function writeJar(
  path: string,
  version: string,
  entries: Readonly<Record<string, string>> = {},
): Promise<string> {
  const manifest = `Manifest-Version: 1.0\r\nMain-Class: demo.Main\r\nImplementation-Version: ${version}\r\n\r\n`;
  await writeFile(path, zip({ [MANIFEST]: manifest, ...entries }));
  return path;
}

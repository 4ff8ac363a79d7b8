import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fromRandomAccessReaderPromise, openPromise, RandomAccessReader, type ZipFile } from "yauzl";

/** The file is not a complete zip archive; the message completes "expected a jar, got …". */
export class NotAZip extends Error {}

/** The part of a file that is a zip archive. */
interface Range {
  readonly start: number;
  readonly end: number;
}

// APPNOTE.TXT of PKWARE, 4.3.7, 4.3.12 and 4.3.16.
const FIRST_SIGNATURE = "PK\x03\x04";
const INDEX_SIGNATURE = "PK\x01\x02";
const END_SIGNATURE = "PK\x05\x06";
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;
const IN_ZIP64 = 0xffffffff;
/** Stands for a number of entries that does not fit into the record. */
const MANY_ENTRIES = 0xffff;
/** Spring Boot's launch script has about 10 KB. */
const HEAD_LENGTH = 65_536;

/**
 * Opens a zip archive as `java -jar` does: it skips a prefix such as the launch script of an executable jar, even if
 * the archive's offsets don't include it (Spring Boot before 2.6), and rejects trailing data.
 */
export async function openZip(path: string): Promise<ZipFile> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { start, end } = await findZip(file, size);
    if (end < size) throw new NotAZip("one with data after its end, which java rejects");
    if (start === 0) return await openPromise(path);
    return await fromRandomAccessReaderPromise(new WithoutPrefix(path, start), size - start);
  } finally {
    await file.close();
  }
}

async function findZip(file: FileHandle, size: number): Promise<Range> {
  const tail = await read(file, Math.max(0, size - END_LENGTH - LONGEST_COMMENT), size);
  const head = await read(file, 0, Math.min(size, HEAD_LENGTH));
  const first = head.indexOf(FIRST_SIGNATURE, 0, "latin1");
  for (let at = lastEnd(tail, tail.length); at >= 0; at = lastEnd(tail, at - 1)) {
    const range = await rangeOf(file, tail, at, size);
    // In a truncated jar, this may be the end of a jar inside it.
    if (range && (first < 0 || range.start <= first)) return range;
  }
  throw new NotAZip(
    first < 0 ? "a file that is not a zip archive" : "a truncated one: it has no zip index at its end",
  );
}

/** The range of the archive that ends with this record: offsets count from its start, its index comes just before. */
async function rangeOf(file: FileHandle, tail: Buffer, at: number, size: number): Promise<Range | undefined> {
  const end = size - tail.length + at + END_LENGTH + tail.readUInt16LE(at + 20);
  if (end > size) return undefined;
  const [length, offset] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  const isZip64 = length === IN_ZIP64 || offset === IN_ZIP64 || tail.readUInt16LE(at + 10) === MANY_ENTRIES;
  if (isZip64) return { start: 0, end };
  const index = size - tail.length + at - length;
  const start = index - offset;
  if (end === size) {
    if (start < 0) throw new NotAZip("a damaged one: its zip index points outside the file");
    return { start, end };
  }
  const isWhole =
    start >= 0 &&
    (await read(file, index, index + 4)).equals(Buffer.from(INDEX_SIGNATURE)) &&
    (await read(file, start, start + 4)).equals(Buffer.from(FIRST_SIGNATURE));
  return isWhole ? { start, end } : undefined;
}

function lastEnd(tail: Buffer, before: number): number {
  const latest = Math.min(before, tail.length - END_LENGTH);
  return latest < 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, latest, "latin1");
}

async function read(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}

/** Opens the file for each read, so there is nothing to close. */
class WithoutPrefix extends RandomAccessReader {
  readonly #path: string;
  readonly #start: number;

  constructor(path: string, start: number) {
    super();
    this.#path = path;
    this.#start = start;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.#path, { start: this.#start + start, end: this.#start + end - 1 });
  }
}

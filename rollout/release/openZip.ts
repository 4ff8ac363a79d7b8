import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fromRandomAccessReaderPromise, openPromise, RandomAccessReader, type ZipFile } from "yauzl";

/** The file is no zip archive, or not a whole one; the message says which, as in "expected a jar, got …". */
export class NotAZip extends Error {}

const SIGNATURE = "PK\x03\x04";
const END_SIGNATURE = Buffer.from("PK\x05\x06");
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;
const IN_ZIP64 = 0xffffffff;
/** A launch script of Spring Boot has about 10 KB. */
const HEAD_LENGTH = 65_536;

/**
 * Opens a zip archive as Java does: whatever stands in front of it, such as the launch script of an executable jar, does
 * not count, even where the offsets in the archive do not include it (Spring Boot before 2.6).
 */
export async function openZip(path: string): Promise<ZipFile> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = await startOfZip(file, size);
    if (start === 0) return await openPromise(path);
    return await fromRandomAccessReaderPromise(new WithoutPrefix(path, start), size - start);
  } finally {
    await file.close();
  }
}

/** Where offset 0 of the archive is: its index ends where its last record begins (APPNOTE.TXT of PKWARE, 4.3.16). */
async function startOfZip(file: FileHandle, size: number): Promise<number> {
  const tail = await read(file, Math.max(0, size - END_LENGTH - LONGEST_COMMENT), size);
  const head = await read(file, 0, Math.min(size, HEAD_LENGTH));
  const end = findEnd(tail);
  if (end < 0) {
    throw new NotAZip(
      head.includes(SIGNATURE, 0, "latin1")
        ? "a truncated one: it has no zip index at its end"
        : "a file that is no zip archive",
    );
  }
  const [length, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (length === IN_ZIP64 || offset === IN_ZIP64) return 0;
  const start = size - tail.length + end - length - offset;
  if (start < 0) throw new NotAZip("a damaged one: its zip index points outside the file");
  // The index of a jar inside the jar.
  if (start > 0 && head.toString("latin1", 0, 4) === SIGNATURE) {
    throw new NotAZip("a truncated one: it ends inside, after another jar");
  }
  return start;
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length; at >= 0; at--) {
    at = tail.lastIndexOf(END_SIGNATURE, at);
    if (at < 0) return -1;
    const isWhole = at + END_LENGTH <= tail.length;
    if (isWhole && at + END_LENGTH + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return -1;
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

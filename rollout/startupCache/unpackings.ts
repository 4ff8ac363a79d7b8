import type { Jar } from "../release/jar.ts";
import { isExtractable } from "./isExtractable.ts";
import { readUnpacking } from "./readUnpacking.ts";
import type { Unpacking } from "./unpacking.ts";

/** How the jars of a roll start once they are unpacked; each is read once, from the beginning on. */
export class Unpackings {
  readonly #all = new Map<string, Promise<Unpacking | undefined>>();

  constructor(jars: readonly (Jar | undefined)[]) {
    for (const jar of jars) if (jar) void this.of(jar);
  }

  /** `undefined` if a jar can't unpack itself. */
  of({ path }: Jar): Promise<Unpacking | undefined> {
    const known = this.#all.get(path);
    if (known) return known;
    const reading = readIfExtractable(path);
    this.#all.set(path, reading);
    return reading;
  }
}

/** A library that can't be read is for Java to judge: the release's own jar names it. */
async function readIfExtractable(path: string): Promise<Unpacking | undefined> {
  if (!(await isExtractable(path))) return undefined;
  return readUnpacking(path).catch(() => ({ mainClass: "", shared: [] }));
}

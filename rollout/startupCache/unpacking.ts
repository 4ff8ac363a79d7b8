import { Readable } from "node:stream";

/** How a release starts once it is unpacked. */
export interface Unpacking {
  readonly mainClass: string;
  /**
   * The libraries that come first on its class path, in order: those that other releases are likely to have too. Without any,
   * its own jar says what the class path is.
   */
  readonly shared: readonly string[];
}

/** As scripts read it, line by line. */
export function linesOf({ mainClass, shared }: Unpacking): Readable {
  return Readable.from([Buffer.from([mainClass, ...shared].map((line) => `${line}\n`).join(""))]);
}

import type { ConfigurationFile } from "./flavours/flavourLines.ts";

/** A configuration, and the fingerprint that nginx answers with once it serves it. */
export interface NginxConfiguration {
  readonly text: string;
  readonly fingerprint: string;
  /** Files that must be there before nginx reads it. */
  readonly files: readonly ConfigurationFile[];
}

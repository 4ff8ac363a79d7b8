/** What a jar is: its version is read from the jar, its identity is the SHA-256 of its bytes. */
export interface Release {
  readonly version: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** The name of a release on a host and in every message: `<version>-<first 12 digits of the SHA-256>`. */
export function releaseId(release: Release): string {
  return `${release.version}-${release.sha256.slice(0, 12)}`;
}

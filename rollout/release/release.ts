/** What an archive is: its version is read from it, its identity is its kind and the SHA-256 of its bytes. */
export interface Release {
  /** Where it is on the deployer's machine; a name in `.war` makes it a war, as it does for Spring Boot. */
  readonly path: string;
  readonly version: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

const IDENTITY = /-([0-9a-f]{12})(\.war)?$/;

/** The name of a release on a host and in every message: `<version>-<first 12 digits of the SHA-256>`, then `.war` for a war. */
export function releaseId({ path, version, sha256 }: Release): string {
  return `${version}-${sha256.slice(0, 12)}${/\.war$/i.test(path) ? ".war" : ""}`;
}

/** The version in the name of a release. */
export function versionOf(id: string): string {
  return id.replace(IDENTITY, "");
}

/** Whether bytes with this SHA-256 are those that the name of a release promises. */
export function isReleaseOf(id: string, sha256: string): boolean {
  return IDENTITY.exec(id)?.[1] === sha256.slice(0, 12);
}

/**
 * What the archive of a release is called on a host. Spring Boot serves the pages of a war only out of a file whose
 * name ends in `.war`, so `java -jar` must find the ending that the user's own file has.
 */
export function archiveName(id: string): string {
  return id.endsWith(".war") ? "app.war" : "app.jar";
}

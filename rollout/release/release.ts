/** A release, identified by its SHA-256 and whether it is a war. */
export interface Release {
  /** Where it is on the deployer's machine; as for Spring Boot, the extension `.war` makes it a war. */
  readonly path: string;
  readonly version: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

const IDENTITY = /-([0-9a-f]{12})(\.war)?$/;

/** The name of a release: `<version>-<first 12 digits of the SHA-256>`, and then `.war` for a war. */
export function releaseId({ path, version, sha256 }: Release): string {
  return `${version}-${sha256.slice(0, 12)}${/\.war$/i.test(path) ? ".war" : ""}`;
}

/** The version in the name of a release. */
export function versionOf(id: string): string {
  return id.replace(IDENTITY, "");
}

/** Whether this SHA-256 belongs to the release of that name. */
export function isReleaseOf(id: string, sha256: string): boolean {
  return IDENTITY.exec(id)?.[1] === sha256.slice(0, 12);
}

/**
 * The file name of a release on a host. It keeps the extension `.war`, because Spring Boot serves the pages of a war
 * only from a file with that extension.
 */
export function archiveName(id: string): string {
  return id.endsWith(".war") ? "app.war" : "app.jar";
}

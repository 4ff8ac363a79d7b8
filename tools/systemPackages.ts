import { findExecutable } from "#kinds/local/findExecutable.ts";
import { isAtLeast } from "./isAtLeast.ts";
import { javaVersion } from "./javaVersion.ts";
import { minimumVersions } from "./versions.ts";

/** A program from the operating system: how to find it, and its packages by preference. */
export interface SystemPackage {
  readonly name: string;
  /** Where it is; undefined if it must be installed. */
  find(): Promise<string | undefined>;
  readonly packages: {
    readonly "apt-get": readonly [string, ...string[]];
    readonly dnf: string;
    readonly brew: string;
  };
}

/** What the sample application and local stacks need from the operating system. */
export const systemPackages: readonly SystemPackage[] = [
  {
    name: "nginx",
    find: async () => findExecutable("nginx"),
    packages: { "apt-get": ["nginx"], dnf: "nginx", brew: "nginx" },
  },
  {
    name: `JDK ≥ ${minimumVersions.java}`,
    find: async () => {
      const compiler = findExecutable("javac");
      const version = compiler && (await javaVersion());
      return version && isAtLeast(version, minimumVersions.java) ? `${version} in ${compiler}` : undefined;
    },
    packages: {
      "apt-get": ["openjdk-17-jdk-headless", "default-jdk-headless"],
      dnf: "java-21-openjdk-devel",
      brew: "temurin",
    },
  },
  {
    name: "Maven",
    find: async () => findExecutable("mvn"),
    packages: { "apt-get": ["maven"], dnf: "maven", brew: "maven" },
  },
];

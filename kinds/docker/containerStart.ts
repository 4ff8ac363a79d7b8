import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import type { Machine, RunOptions } from "#rollout/machine/machine.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { optionsKey } from "#rollout/startupCache/optionsKey.ts";
import { dependenciesInContainer, releaseInContainer } from "./containerOptions.ts";

const SCRIPTS = new URL("../../rollout/startupCache/scripts/", import.meta.url);
const LOOK = readScripts(
  SCRIPTS,
  "../../machine/scripts/sha256-of",
  "identify-java",
  "startup-files",
  "look-at-startup",
);

/** Where an application that should tell its classes writes them, in its container. */
export const CLASS_LIST = "/tmp/rollgate.classes";
/** What the JVM says of an archive that it can't use would be the first lines of the application's log. */
const QUIET = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"];

/** What is there of the unpacked files of a release. */
export interface Unpacked {
  /** The archive of classes that a start may use; absent if there can't be one. */
  readonly archive?: string;
  /** Whether that is there, or is to be made of what the application lists. */
  readonly state: "unpacked" | "wanted" | "there";
}

/** What stands for the image and the options in the name of an archive of classes; `undefined` if there can't be one. */
export async function startName(docker: Docker, launch: Launch): Promise<string | undefined> {
  const options = optionsKey(launch);
  if (options === undefined) return undefined;
  // The Java of an image is the same as long as the image is.
  const { Id } = await docker.getImage(launch.container?.image ?? "").inspect();
  return `${options}-${Id.replace("sha256:", "").slice(0, 12)}.jsa`;
}

/** Looks at the unpacked files of a release in a host's folder, `undefined` if there are none; damaged ones are put aside. */
export async function lookAtUnpacked(
  machine: Pick<Machine, "run">,
  directory: string,
  release: string,
  name: string,
  options: RunOptions,
): Promise<Unpacked | undefined> {
  const args = [directory, release, name, randomUUID()];
  const [state, archive] = (await machine.run(LOOK, args, options)).trim().split(" ");
  if (state !== "there" && state !== "wanted" && state !== "unpacked") return undefined;
  return { state, ...(archive !== undefined && { archive }) };
}

/** How Java starts a release from its unpacked files: what replaces `-jar` and its archive. */
export function unpackedStart(release: string, { archive = "", state }: Unpacked): string[] {
  const options = {
    unpacked: [],
    wanted: [`-XX:DumpLoadedClassList=${CLASS_LIST}`, ...QUIET],
    // Docker may start the container again much later, and a JVM crashes at a damaged archive.
    there: [`-XX:SharedArchiveFile=${dependenciesInContainer(archive)}`, "-XX:+VerifySharedSpaces", ...QUIET],
  };
  return [...options[state], `@${releaseInContainer(release)}/startup/start`];
}

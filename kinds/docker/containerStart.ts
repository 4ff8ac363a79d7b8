import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import type { Machine, RunOptions } from "#rollout/machine/machine.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { optionsKey } from "#rollout/startupCache/optionsKey.ts";
import { releaseInContainer } from "./containerOptions.ts";

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
export type UnpackedState = "missing" | "unpacked" | "wanted" | "there";

/** The name of the archive of classes for this image and these options; `undefined` if there can't be one. */
export async function archiveName(docker: Docker, launch: Launch): Promise<string | undefined> {
  const options = optionsKey(launch);
  if (options === undefined) return undefined;
  // The Java of an image is the same as long as the image is.
  const { Id } = await docker.getImage(launch.container?.image ?? "").inspect();
  return `${options}-${Id.replace("sha256:", "").slice(0, 12)}.jsa`;
}

/** Looks at the unpacked files of a release in a host's folder; damaged ones are put aside. */
export async function lookAtUnpacked(
  machine: Pick<Machine, "run">,
  directory: string,
  release: string,
  archive: string,
  options: RunOptions,
): Promise<UnpackedState> {
  const args = [directory, release, archive, randomUUID()];
  const printed = (await machine.run(LOOK, args, options)).trim();
  return printed === "there" || printed === "wanted" || printed === "unpacked" ? printed : "missing";
}

/** How Java starts a release from its unpacked files: what replaces `-jar` and its archive. */
export function unpackedStart(release: string, archive: string, state: UnpackedState): string[] {
  const startup = `${releaseInContainer(release)}/startup`;
  const options = {
    missing: [],
    unpacked: [],
    wanted: [`-XX:DumpLoadedClassList=${CLASS_LIST}`, ...QUIET],
    // Docker may start the container again much later, and a JVM crashes at a damaged archive.
    there: [`-XX:SharedArchiveFile=${startup}/${archive}`, "-XX:+VerifySharedSpaces", ...QUIET],
  };
  return [...options[state], "-jar", `${startup}/app.jar`];
}

import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { archiveName, type Release, releaseId } from "#rollout/release/release.ts";
import { dockerfile } from "./dockerfile.ts";
import { layersIn } from "./layersIn.ts";

/**
 * What an engine gets to build the image of a release: a folder with nothing but the archive and a Dockerfile. It is the
 * only one below `folder`, which is relative to the project, so that the state doesn't depend on the machine.
 */
export async function makeBuildContext(folder: string, jar: Release): Promise<string> {
  const release = releaseId(jar);
  const context = resolve(folder, release);
  for (const other of await readdir(resolve(folder)).catch(() => [])) {
    await rm(resolve(folder, other), { recursive: true });
  }
  await mkdir(context, { recursive: true });
  const archive = join(context, archiveName(release));
  await copyFile(jar.path, archive);
  await writeFile(join(context, "Dockerfile"), dockerfile(archiveName(release), await layersIn(jar.path)));
  return join(folder, release);
}

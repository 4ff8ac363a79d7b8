import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBuildContext } from "#kinds/kubernetes/buildContext.ts";
import { imageOf } from "#kinds/kubernetes/imageOf.ts";
import { type Release, releaseId } from "#rollout/release/release.ts";
import { baseImages } from "../../../harness/docker/baseImages.ts";
import { docker } from "../../../harness/docker/engine.ts";
import { type Behaviour, writeFakeJar } from "../../../harness/fakeApplication.ts";
import { importImages } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { nodeAppImage } from "../docker/nodeAppImage.ts";

const BUILD_MILLISECONDS = 180_000;

/** Where the images of an application are, in the engine and, once imported, on the node. */
export function sourceOf(repository: string) {
  return { repository, build: "test", isPushed: false };
}

/** Builds the image of a release as a stack does; returns its name. */
export async function releaseImage(base: string, repository: string, release: Release): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    const context = await makeBuildContext(folder, release);
    const name = imageOf(sourceOf(repository), releaseId(release), undefined);
    await docker(
      ["build", "--quiet", "--build-arg", `BASE=${base}`, "--tag", name, context],
      BUILD_MILLISECONDS,
    );
    return name;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same for an application that behaves like this, on a base in which `java` runs fake jars; `digit` is that of its hash. */
export async function fakeReleaseImage(
  base: string,
  repository: string,
  behaviour: Behaviour,
  digit: string,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rollgate-jar-"));
  try {
    const jar = await writeFakeJar(behaviour, folder);
    return await releaseImage(base, repository, { ...jar, sha256: digit.repeat(64) });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Puts the images of these releases, by the digit of their hashes, onto the node, and others with them. */
export async function importFakeReleases(
  repository: string,
  releases: Readonly<Record<string, Behaviour>>,
  others: readonly string[] = [],
): Promise<void> {
  const { image } = await nodeAppImage((await baseImages()).jre);
  const images = [...others];
  for (const [digit, behaviour] of Object.entries(releases))
    images.push(await fakeReleaseImage(image, repository, behaviour, digit));
  await importImages(images);
}

/** An image that starts the application itself, as CI would build it. */
export async function podImage(base: string, java: string, behaviour: Behaviour): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    await writeFakeJar({ ...behaviour, ending: "jar" }, context);
    const command = JSON.stringify([java, "-jar", "/app/release.jar", "--server.port=8080"]);
    const jar = `app-${behaviour.version}.jar`;
    await writeFile(
      join(context, "Dockerfile"),
      `FROM ${base}\nCOPY ${jar} /app/release.jar\nUSER 10001:10001\nENTRYPOINT ${command}\n`,
    );
    const name = `rollgate-test/pod:${behaviour.version}`;
    await docker(["build", "--quiet", "--tag", name, context], BUILD_MILLISECONDS);
    return name;
  } finally {
    await rm(context, { recursive: true });
  }
}

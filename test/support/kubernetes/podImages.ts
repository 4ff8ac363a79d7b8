import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../../../harness/docker/engine.ts";
import { type Behaviour, writeFakeJar } from "../../../harness/fakeApplication.ts";

const BUILD_MILLISECONDS = 180_000;

/** The image of a release whose application behaves like this, on top of one in which `java` runs fake jars. */
export async function podImage(base: string, java: string, behaviour: Behaviour): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    const { path } = await writeFakeJar(behaviour, context);
    return await imageOf(base, java, path, `rollgate-test/pod:${behaviour.version}`, context);
  } finally {
    await rm(context, { recursive: true });
  }
}

/** The image of a real jar. */
export async function jarImage(base: string, jar: string, version: string): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    return await imageOf(base, "java", jar, `rollgate-test/pod-jvm:${version}`, context);
  } finally {
    await rm(context, { recursive: true });
  }
}

async function imageOf(
  base: string,
  java: string,
  jar: string,
  name: string,
  context: string,
): Promise<string> {
  await copyFile(jar, join(context, "release.jar"));
  const command = JSON.stringify([java, "-Xmx160m", "-jar", "/app/release.jar", "--server.port=8080"]);
  await writeFile(
    join(context, "Dockerfile"),
    `FROM ${base}\nCOPY --chmod=644 release.jar /app/release.jar\nUSER 10001:10001\nENTRYPOINT ${command}\n`.replace(
      "--chmod=644 ",
      "",
    ),
  );
  await docker(["build", "--quiet", "--tag", name, context], BUILD_MILLISECONDS);
  return name;
}

/** The image of a fake release. */
export function fakeImage(release: string): string {
  return `rollgate-test/pod:${release.replace(/-.*/, "")}`;
}

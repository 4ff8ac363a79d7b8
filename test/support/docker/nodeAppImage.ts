import { randomUUID } from "node:crypto";
import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../../../harness/docker/engine.ts";
import { fakeJava } from "../fakeJava.ts";

const BUILD_MILLISECONDS = 180_000;
const FOLDER = "/opt/fake";

/** An image of its own on top of `base`, in which `java` runs fake jars, with this Node. */
export async function nodeAppImage(base: string): Promise<{ readonly image: string; readonly java: string }> {
  const context = await mkdtemp(join(tmpdir(), "rollgate-image-"));
  try {
    await chmod(context, 0o755);
    await copyFile(process.execPath, join(context, "node"));
    await fakeJava(context);
    await writeFile(join(context, "java"), `#!/bin/sh\nexec ${FOLDER}/node ${FOLDER}/java.cjs "$@"\n`);
    await writeFile(
      join(context, "Dockerfile"),
      `FROM ${base}\nCOPY node java java.cjs ${FOLDER}/\nUSER 10001\n`,
    );
    const name = `rollgate-test/node-app:${randomUUID()}`;
    await docker(["build", "--quiet", "--tag", name, context], BUILD_MILLISECONDS);
    return { image: name, java: `${FOLDER}/java` };
  } finally {
    await rm(context, { recursive: true });
  }
}

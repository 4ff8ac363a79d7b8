import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DEBIAN_NGINX } from "../debianNginx.ts";
import { type DebianRecipe, debianRoot, noDebianRoot, recipeName } from "../debianRoot.ts";
import { docker } from "./engine.ts";

const run = promisify(execFile);
const PULL_MILLISECONDS = 300_000;

/** An official image, and its substitute if no registry can be reached. */
interface BaseImage {
  readonly official: string;
  readonly recipe: DebianRecipe;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
}

const NGINX: BaseImage = {
  official: "nginx:stable",
  recipe: DEBIAN_NGINX,
  changes: ["STOPSIGNAL SIGQUIT", "EXPOSE 80", 'CMD ["nginx", "-g", "daemon off;"]'],
};

const JRE: BaseImage = {
  official: "eclipse-temurin:17-jre",
  recipe: {
    name: "jre",
    suite: "bookworm",
    packages: ["openjdk-17-jre-headless", "ca-certificates", "curl"],
    finish: "mkdir -p /opt/java && ln -s ../../usr/lib/jvm/java-17-openjdk-* /opt/java/openjdk",
  },
  changes: [
    "ENV JAVA_HOME=/opt/java/openjdk",
    "ENV PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  ],
};

/** Names of images that the engine has. */
export interface BaseImages {
  readonly nginx: string;
  readonly jre: string;
}

/**
 * Base images: the official ones if they exist or can be pulled, otherwise images made from Debian's packages. Both are
 * kept for later runs. The first call may take minutes.
 */
export async function baseImages(): Promise<BaseImages> {
  return { nginx: await ensure(NGINX), jre: await ensure(JRE) };
}

async function ensure(image: BaseImage): Promise<string> {
  const standIn = `rollgate-test/${recipeName(image.recipe).replace("-", ":")}`;
  for (const name of [image.official, standIn]) if (await exists(name)) return name;
  try {
    await docker(["pull", "--quiet", image.official], PULL_MILLISECONDS);
    return image.official;
  } catch (cause) {
    const reason = await noDebianRoot();
    if (reason !== undefined) throw new Error(`no image ${image.official}, and ${reason}`, { cause });
  }
  await importRoot(await debianRoot(image.recipe), standIn, image.changes);
  return standIn;
}

async function exists(name: string): Promise<boolean> {
  return docker(["image", "inspect", name]).then(
    () => true,
    () => false,
  );
}

// Two test files may need it at once; the second one waits and finds it. `docker import` supports few instructions.
const IMPORT = `
set -eu
root=$1 name=$2 changes=$3
if docker image inspect "$name" >/dev/null 2>&1; then exit 0; fi
tar -C "$root" --one-file-system -c . | docker import - "$name-root" >/dev/null
printf 'FROM %s-root\\n%s\\n' "$name" "$changes" | docker build --quiet --tag "$name" - >/dev/null
docker image rm "$name-root" >/dev/null
`;

async function importRoot(root: string, name: string, changes: readonly string[]): Promise<void> {
  await run("flock", [`${root}.lock`, "sh", "-c", IMPORT, "sh", root, name, changes.join("\n")], {
    timeout: PULL_MILLISECONDS,
  });
}

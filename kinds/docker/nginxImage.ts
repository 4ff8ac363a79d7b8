import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { RemoteImageArgs } from "@pulumi/docker";

const IN_PACKAGE = "kinds/docker/nginx";
const HERE = join(import.meta.dirname, "nginx");

/**
 * How to build nginx's image on `base`; its tag is a hash of its sources, so that any change gives another image.
 * Pulumi runs the program in the folder of its project.
 */
export function nginxImage(repository: string, base: string, project = process.cwd()): RemoteImageArgs {
  const hash = createHash("sha256").update(base);
  for (const file of readdirSync(HERE).sort()) hash.update(file).update(readFileSync(join(HERE, file)));
  const tag = hash.digest("hex").slice(0, 12);
  return {
    name: `${repository}:${tag}`,
    // Despite its name, this option makes sure that the stack's own engine builds the image.
    build: { context: contextIn(project), buildArgs: { BASE: base }, useLegacyBuilder: true },
    triggers: { tag },
    keepLocally: false,
  };
}

/**
 * Relative to the project, so that the state doesn't depend on the machine; through its `node_modules`, where a package
 * manager may have linked a folder whose name has the version.
 */
function contextIn(project: string): string {
  const paths = [IN_PACKAGE, join("node_modules", "rollgate", IN_PACKAGE)];
  return paths.find((path) => isHere(join(project, path))) ?? relative(project, HERE);
}

function isHere(path: string): boolean {
  try {
    return realpathSync(path) === HERE;
  } catch {
    return false;
  }
}

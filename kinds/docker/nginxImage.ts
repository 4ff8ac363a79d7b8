import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { RemoteImageArgs } from "@pulumi/docker";

/** Relative to the project, where Pulumi runs the program, so that the state is the same on every machine. */
const CONTEXT = "kinds/docker/nginx";

/** How nginx's image is built on `base`; the tag says from what, so that another Dockerfile is another image. */
export function nginxImage(repository: string, base: string): RemoteImageArgs {
  const hash = createHash("sha256").update(base);
  for (const file of readdirSync(CONTEXT).sort())
    hash.update(file).update(readFileSync(`${CONTEXT}/${file}`));
  const tag = hash.digest("hex").slice(0, 12);
  return {
    name: `${repository}:${tag}`,
    // Whatever its name says, this is the way that goes to the engine of the stack and to no other.
    build: { context: CONTEXT, buildArgs: { BASE: base }, useLegacyBuilder: true },
    triggers: { tag },
    keepLocally: false,
  };
}

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { RemoteImageArgs } from "@pulumi/docker";

/** Relative to the project, where Pulumi runs the program, so that the state doesn't depend on the machine. */
const CONTEXT = "kinds/docker/nginx";

/** How to build nginx's image on `base`; its tag is a hash of its sources, so that any change gives another image. */
export function nginxImage(repository: string, base: string): RemoteImageArgs {
  const hash = createHash("sha256").update(base);
  for (const file of readdirSync(CONTEXT).sort())
    hash.update(file).update(readFileSync(`${CONTEXT}/${file}`));
  const tag = hash.digest("hex").slice(0, 12);
  return {
    name: `${repository}:${tag}`,
    // Despite its name, this option makes sure that the stack's own engine builds the image.
    build: { context: CONTEXT, buildArgs: { BASE: base }, useLegacyBuilder: true },
    triggers: { tag },
    keepLocally: false,
  };
}

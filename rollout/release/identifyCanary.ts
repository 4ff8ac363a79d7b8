import { InvalidInput } from "../common/errors.ts";
import { identifyJar, type Jar } from "./jar.ts";
import { releaseId } from "./release.ts";

/** Reads the jar of canaries, unless somebody has; an error names it, not the jar of all other hosts. */
export async function identifyCanary(given: { path: string; version?: string } | Jar): Promise<{
  readonly release: string;
  readonly jar: Jar;
}> {
  if ("sha256" in given) return { release: releaseId(given), jar: given };
  try {
    const jar = await identifyJar(given.path, given.version);
    return { release: releaseId(jar), jar };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const property = error.property === "jar.version" ? "canary.version" : "canary.jar";
    throw new InvalidInput(property, error.reason, { cause: error });
  }
}

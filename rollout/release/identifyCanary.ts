import { InvalidInput } from "../common/errors.ts";
import { identifyJar, type Jar } from "./jar.ts";
import { releaseId } from "./release.ts";

/** Reads the jar of canaries; an error names it, not the jar of all other hosts. */
export async function identifyCanary({ path, version }: { path: string; version?: string }): Promise<{
  readonly release: string;
  readonly jar: Jar;
}> {
  try {
    const jar = await identifyJar(path, version);
    return { release: releaseId(jar), jar };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const property = error.property === "jar.version" ? "canary.version" : "canary.jar";
    throw new InvalidInput(property, error.reason, { cause: error });
  }
}

import type { Found } from "#kinds/kind.ts";
import { within } from "#rollout/common/within.ts";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { explained } from "./explained.ts";
import type { Settings } from "./readSettings.ts";

/** A jar may lie on a disk of the network. */
const IDENTIFY_SECONDS = 300;

/** What was found out about the world. */
export interface Preflight extends Found {
  /** What the jar is, where the settings name one. */
  readonly jar?: Jar;
}

/**
 * Asks all at once what only the world can tell: what the jar is, and whether engine or servers are there. The program
 * asks, not the `check` of a resource: an update checks each resource when its turn comes, and by the turn of the
 * rollout a bad jar would have had nginx reconfigured. What is found here is passed on and not asked again.
 */
export async function preflight({ rollout, preflight: askKind }: Settings): Promise<Preflight> {
  const [jar, found] = await Promise.allSettled([identify(rollout.jar), askKind()]);
  if (jar.status === "fulfilled" && found.status === "fulfilled") return { ...found.value, ...jar.value };
  throw explained(...[jar, found].flatMap((each) => (each.status === "rejected" ? [each.reason] : [])));
}

async function identify(jar: { path: string; version?: string } | undefined): Promise<{ jar?: Jar }> {
  if (jar === undefined) return {};
  const { path, version } = jar;
  return { jar: await within(IDENTIFY_SECONDS, `reading ${path}`, identifyJar(path, version)) };
}

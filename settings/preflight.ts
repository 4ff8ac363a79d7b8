import type { Found } from "#kinds/declaration.ts";
import { identifyCanary } from "#rollout/release/identifyCanary.ts";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import type { Canary } from "#rollout/request/canary.ts";
import { explained } from "./explained.ts";
import { NO_PATIENCE, patiently } from "./patiently.ts";
import type { Settings } from "./readSettings.ts";
import { stackFile } from "./stackFile.ts";

/** What was found out before anything is declared. */
export interface Preflight extends Found {
  /** Absent if the settings name a kept release. */
  readonly jar?: Jar;
  /** Absent if there are none. */
  readonly canary?: Canary;
}

/**
 * Reads the jar and looks for the Docker engine or the servers, all at once. The program does this, not the `check` of
 * a resource: Pulumi checks each resource only when its turn comes, so nginx would be reconfigured before a bad jar is
 * noticed. The results are passed on, so nothing is looked up twice.
 */
export async function preflight(
  { rollout, preflight: askKind }: Settings,
  { prefix } = stackFile(),
  patience = NO_PATIENCE,
): Promise<Preflight> {
  const [jar, canary, found] = await Promise.allSettled([
    identify(rollout.jar),
    identifyCanaries(rollout.canary),
    patiently(askKind, patience),
  ]);
  if (jar.status === "fulfilled" && canary.status === "fulfilled" && found.status === "fulfilled")
    return { ...found.value, ...jar.value, ...canary.value };
  throw explained(
    prefix,
    ...[jar, canary, found].flatMap((each) => (each.status === "rejected" ? [each.reason] : [])),
  );
}

async function identify(jar: Settings["rollout"]["jar"]): Promise<{ jar?: Jar }> {
  if (jar === undefined) return {};
  if ("sha256" in jar) return { jar };
  return { jar: await identifyJar(jar.path, jar.version) };
}

async function identifyCanaries(canary: Settings["rollout"]["canary"]): Promise<{ canary?: Canary }> {
  if (canary === undefined) return {};
  return { canary: { ...canary, ...(await identifyCanary(canary.jar)) } };
}

import { settingIn } from "#kinds/change.ts";
import type { Found } from "#kinds/declaration.ts";
import { keepingProcess } from "#rollout/common/keepingProcess.ts";
import { identifyCanary } from "#rollout/release/identifyCanary.ts";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import type { Canary } from "#rollout/request/canary.ts";
import { explained } from "./explained.ts";
import { NO_PATIENCE, patiently } from "./patiently.ts";
import type { Settings } from "./readSettings.ts";
import type { SettingsSource } from "./settingsSource.ts";
import { stackFile } from "./stackFile.ts";
import type { StandIns } from "./standIns.ts";
import { startProvider } from "./startProvider.ts";

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
  // Not while servers are waited for: if Pulumi were killed meanwhile, a provider that nobody has called would stay.
  if (patience.seconds === 0) startProvider();
  const all = Promise.allSettled([
    identify(rollout.jar),
    identifyCanaries(rollout.canary),
    patiently(askKind, patience),
  ]);
  const [jar, canary, found] = await keepingProcess(all);
  if (jar.status === "fulfilled" && canary.status === "fulfilled" && found.status === "fulfilled")
    return { ...found.value, ...jar.value, ...canary.value };
  throw explained(
    prefix,
    ...[jar, canary, found].flatMap((each) => (each.status === "rejected" ? [each.reason] : [])),
  );
}

/** The same in a preview that can't know some settings yet. Nothing is asked of machines that may not be there. */
export async function preflightOfKnown(
  settings: Settings,
  source: SettingsSource,
  standIns: StandIns,
): Promise<PreflightOfKnown> {
  const { rollout, app, nginx } = settings;
  const isKnown = ![app.hosts, nginx].some((part) => standIns.areIn(part));
  const { jar, canary, ...rest } = rollout;
  const known = {
    ...rest,
    ...(jar && !standIns.areIn(jar) && { jar }),
    ...(canary && !standIns.areIn(canary) && { canary }),
  };
  const askKind = isKnown ? settings.preflight : (settings.prepare ?? (async () => engineOf(settings)));
  const found = await preflight({ ...settings, rollout: known, preflight: askKind }, source);
  return { ...(jar && { jar }), ...(canary && { canary }), ...found };
}

/** What was found out, with what is not known yet as the settings have it. */
type PreflightOfKnown = Found & Pick<Settings["rollout"], "jar" | "canary">;

/** Where the engine is, if everything runs on one. */
function engineOf({ app: { hosts } }: Settings): Found {
  const engine = settingIn(hosts[0] ?? {}, "engine");
  return typeof engine === "string" ? { engine: { ...(engine !== "" && { host: engine }) } } : {};
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

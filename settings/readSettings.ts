import type { Declaration } from "#kinds/declaration.ts";
import type { KindSettings } from "#kinds/kind.ts";
import { kinds } from "#kinds/kinds.ts";
import * as pulumi from "#kinds/pulumi.ts";
import type { ServingInputs } from "#kinds/servingInputs.ts";
import type { RollingDeploymentInputs } from "#provider/deployment.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import type { Canary } from "#rollout/request/canary.ts";
import type { Environment } from "#rollout/request/launch.ts";
import { parse } from "#rollout/request/validate.ts";
import { type CanarySettings, readCanary } from "./canary.ts";
import { changedSettings } from "./changedSettings.ts";
import { ownDefaults } from "./declaredDefaults.ts";
import { explained } from "./explained.ts";
import { readSite } from "./frontDoor/site.ts";
import { publicFace } from "./frontDoor/tls.ts";
import { withHealthPort } from "./hosts.ts";
import { Reader } from "./reader.ts";
import { readHostOptions } from "./readHostOptions.ts";
import { readRollout, readServing } from "./rollout.ts";
import { stackFile } from "./stackFile.ts";

/** All settings, validated; Pulumi.yaml describes them. */
export interface Settings extends Declaration {
  /** The inputs of the rollout; environments are secret. */
  readonly rollout: Omit<RollingDeploymentInputs, "environment" | "hostEnvironment"> & {
    readonly environment: pulumi.Output<Environment>;
    readonly hostEnvironment?: pulumi.Output<Record<string, Environment>>;
  };
}

/**
 * Reads and validates all settings, from `Pulumi.<stack>.yaml` unless given, and the small files they name for nginx;
 * throws a one-line error that names the setting.
 */
export async function readSettings(source = stackFile()): Promise<Settings> {
  try {
    const settings = await read(new Reader(source));
    const [only, ...others] = settings.rollout.hosts;
    const isOnMachine = only && "openFleet" in kinds.named(only.kind);
    if (isOnMachine && others.length === 0 && (settings.rollout.order === "stop-first" || !only.second)) {
      pulumi.log.warn("hosts: there is only one, and it stops first, so every roll means downtime.");
    }
    return settings;
  } catch (error) {
    throw explained(source.prefix, error);
  }
}

async function read(reader: Reader): Promise<Settings> {
  const name = reader.text("kind");
  const kind = kinds.named(name);
  const declared = await reader.source.defaults();
  const defaults = declared ?? (await ownDefaults());
  for (const [other, own] of kinds.settingsOfOthers(name)) reader.refuseSet(other, own, defaults);
  const { hosts, proxies, container, settingOf, declare, ...decided } = await kind.readSettings(reader);
  const candidate = { ...readRollout(reader, hosts.length), ...decided.policy };
  const places = withHealthPort(hosts, reader.number("healthPort"));
  const own = readHostOptions(reader);
  const serving = { ...readServing(reader, candidate), ...(await readSite(reader)) };
  const [path, version, release] = [reader.text("jar"), reader.text("version"), reader.text("release")];
  const canary = "canary" in decided ? decided.canary : readCanary(reader.object("canary"));
  reader.refuseUnknown();
  const settings = declared && changedSettings(reader, declared);
  if (path === "" && release === "" && !decided.jar) {
    throw new InvalidInput("jar", "expected a jar or a release, got neither");
  }
  const launch = { ...candidate.launch, ...(container !== undefined && { container }) };
  const request = {
    ...candidate,
    ...own,
    ...(settings && { settings }),
    ...(canary && { canary: canary.request }),
    hosts: places,
    proxies: proxies.map((proxy) => ({ ...proxy, ...publicFace(serving) })),
    launch,
    release,
  };
  const checked = blaming(settingOf, () => parse(kinds.request, request));
  const { release: _, jar: __, canary: canaries, hostEnvironment, ...rest } = checked;
  return {
    ...declare(rest, { ...serving, ...(canaries && { canary: routingOf(canaries) }) }),
    rollout: {
      ...rest,
      ...(release === ""
        ? { jar: decided.jar ?? { path, ...(version !== "" && { version }) } }
        : { release }),
      ...(canary && canaries && { canary: withJar(canaries, canary.jar) }),
      environment: pulumi.secret(rest.environment),
      ...(hostEnvironment && { hostEnvironment: pulumi.secret(hostEnvironment) }),
    },
  };
}

/** Names the settings of a kind in its errors. */
function blaming<T>(settingOf: KindSettings["settingOf"], work: () => T): T {
  try {
    return work();
  } catch (error) {
    const setting = error instanceof InvalidInput ? settingOf?.(error.property) : undefined;
    if (!(error instanceof InvalidInput) || setting === undefined) throw error;
    throw new InvalidInput(setting, error.reason, { cause: error });
  }
}

function withJar({ release: _, ...canaries }: Canary, jar: CanarySettings["jar"]) {
  return { ...canaries, jar };
}

function routingOf({ hosts, traffic = "share" }: Canary): ServingInputs["canary"] {
  return { hosts, traffic };
}

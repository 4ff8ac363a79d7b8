import * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "#kinds/kind.ts";
import { KINDS } from "#kinds/kinds.ts";
import type { RollingDeploymentInputs } from "#provider/rollingDeployment.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import { type Environment, rollRequest } from "#rollout/request/rollRequest.ts";
import { parse } from "#rollout/request/validate.ts";
import { explained } from "./explained.ts";
import { Reader } from "./reader.ts";
import { readRollout, readServing } from "./rollout.ts";

/** Everything that the program reads from `Pulumi.<stack>.yaml`, checked; descriptions are in Pulumi.yaml. */
export interface Settings extends Declaration {
  /** What the rollout is told, the environment of the JVM as a secret. */
  readonly rollout: Omit<RollingDeploymentInputs, "environment"> & {
    readonly environment: pulumi.Output<Environment>;
  };
}

/** Reads and checks all settings without any I/O; throws one line that names the setting. */
export function readSettings(): Settings {
  try {
    const settings = read(new Reader(new pulumi.Config()));
    if (settings.rollout.hosts.length === 1) {
      pulumi.log.warn("hosts: there is only one, so the service is down while it is replaced.");
    }
    return settings;
  } catch (error) {
    throw explained(error);
  }
}

function read(reader: Reader): Settings {
  const name = reader.text("kind");
  const kind = KINDS.get(name);
  if (!kind) throw new InvalidInput("kind", `expected ${listed([...KINDS.keys()])}, got ${name}`);
  const { hosts, proxy, container, declare } = kind(reader);
  const candidate = readRollout(reader, hosts.length);
  const serving = readServing(reader, candidate);
  const [path, version, release] = [reader.text("jar"), reader.text("version"), reader.text("release")];
  reader.refuseUnknown();
  if (path === "" && release === "") {
    throw new InvalidInput("jar", "expected a jar or a release, got neither");
  }
  const launch = { ...candidate.launch, ...(container !== undefined && { container }) };
  const {
    release: _,
    jar: __,
    ...request
  } = parse(rollRequest, { ...candidate, hosts, proxy, launch, release });
  return {
    ...declare(request, serving),
    rollout: {
      ...request,
      ...(release === "" ? { jar: { path, ...(version !== "" && { version }) } } : { release }),
      environment: pulumi.secret(request.environment),
    },
  };
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { findDockerHost } from "#kinds/docker/dockerHost.ts";
import { readDockerKind } from "#kinds/docker/dockerKind.ts";
import { openEngine, requireEngine } from "#kinds/docker/openEngine.ts";
import { readLocalKind } from "#kinds/local/localKind.ts";
import { provisionServers } from "#kinds/ssh/provisionServers.ts";
import { reachServers } from "#kinds/ssh/reachServers.ts";
import { readSshKind } from "#kinds/ssh/sshKind.ts";
import { dockerNginxInputs } from "#provider/dockerNginx.ts";
import { localNginxInputs } from "#provider/localNginx.ts";
import { sshNginxInputs } from "#provider/sshNginx.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import {
  dockerHostDescriptor,
  localHostDescriptor,
  localProxyDescriptor,
  sshHostDescriptor,
  sshProxyDescriptor,
} from "#rollout/request/descriptors.ts";
import { type Environment, type RollRequest, rollRequest } from "#rollout/request/rollRequest.ts";
import { parse } from "#rollout/request/validate.ts";
import type { AppHostsArgs } from "../components/appHosts.ts";
import type { CheckingNginxArgs } from "../components/checkingNginx.ts";
import { Reader } from "./reader.ts";
import { readRollout, readServing } from "./rollout.ts";
import { settingOf } from "./settingOf.ts";

/** Everything that the program reads from `Pulumi.<stack>.yaml`, checked; descriptions are in Pulumi.yaml. */
export interface Settings {
  readonly app: AppHostsArgs;
  readonly nginx: CheckingNginxArgs;
  /** The Docker engine that everything is on, where it is on one. */
  readonly engine?: docker.ProviderArgs;
  /** What the rollout is told, the environment of the JVM as a secret. */
  readonly rollout: Omit<RollRequest, "environment"> & { readonly environment: pulumi.Output<Environment> };
}

/** Reads and checks all settings; throws one line that names the setting, before anything is touched. */
export async function readSettings(): Promise<Settings> {
  try {
    const settings = await read(new Reader(new pulumi.Config()));
    if (settings.rollout.hosts.length === 1) {
      pulumi.log.warn("hosts: there is only one, so the service is down while it is replaced.");
    }
    return settings;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new pulumi.RunError(
      `${pulumi.getProject()}:${settingOf(error.property)}: ${error.reason}. Nothing was changed.`,
    );
  }
}

async function read(reader: Reader): Promise<Settings> {
  const kind = reader.text("kind");
  if (kind !== "local" && kind !== "docker" && kind !== "ssh") {
    throw new InvalidInput("kind", `expected local, docker or ssh, got ${kind}`);
  }
  const containers = kind === "docker" ? readDockerKind(reader) : undefined;
  const servers = kind === "ssh" ? readSshKind(reader) : undefined;
  const { hosts, proxy, container } = containers ?? servers ?? readLocalKind(reader);
  const candidate = readRollout(reader, hosts.length);
  const serving = readServing(reader, candidate);
  const [nginxExecutable, nginxImage] = [reader.text("nginx"), reader.text("nginxImage")];
  const [jarPath, keptRelease] = [reader.text("jar"), reader.text("release")];
  const version = reader.text("version");
  reader.refuseUnknown();
  if (jarPath === "" && keptRelease === "") {
    throw new InvalidInput("jar", "expected a jar or a release, got neither");
  }
  const jar = keptRelease === "" ? await identifyJar(jarPath, version || undefined) : undefined;
  const goal = jar ? { release: releaseId(jar), jar } : { release: keptRelease };
  const launch = { ...candidate.launch, ...(container !== undefined && { container }) };
  const checked = parse(rollRequest, { ...candidate, hosts, proxy, launch, ...goal });
  const { environment, ...rollout } = checked;
  const { graceSeconds } = rollout.timing;
  const members = rollout.hosts.map(({ name, address, port }) => ({ name, address, port }));
  const secretly = { ...rollout, environment: pulumi.secret(environment) };
  if (containers) {
    const { network, subnet, nginx } = containers.names;
    const inputs = parse(dockerNginxInputs, { ...proxy, ...serving, hosts: members });
    return {
      engine: await findEngine(inputs.engine),
      rollout: secretly,
      app: {
        kind: "docker",
        hosts: parse(z.array(dockerHostDescriptor), rollout.hosts),
        image: rollout.launch.container?.image ?? "",
        network: { name: network, subnet },
        graceSeconds,
      },
      nginx: { ...inputs, baseImage: nginxImage, network, volume: nginx },
    };
  }
  if (servers) {
    const own = parse(z.array(sshHostDescriptor), rollout.hosts);
    const place = parse(sshProxyDescriptor, rollout.proxy);
    const inputs = { ...place, ...serving, executable: nginxExecutable, hosts: members };
    const nginx = parse(sshNginxInputs, inputs);
    await reachServers(own, place);
    const ready = provisionServers(own, servers.provision, {
      java: rollout.launch.java,
      nginx: nginxExecutable,
      graceSeconds,
    });
    return {
      rollout: secretly,
      app: { kind: "ssh", hosts: ready.hosts, graceSeconds },
      nginx: { ...nginx, ...ready.nginx },
    };
  }
  const place = parse(localProxyDescriptor, rollout.proxy);
  return {
    rollout: secretly,
    app: {
      kind: "local",
      hosts: parse(z.array(localHostDescriptor), rollout.hosts),
      java: rollout.launch.java,
      graceSeconds,
    },
    nginx: parse(localNginxInputs, { ...place, ...serving, executable: nginxExecutable, hosts: members }),
  };
}

/** Pulumi's own provider would say neither where it looked nor which setting that comes from. */
async function findEngine(engine: string): Promise<docker.ProviderArgs> {
  try {
    const { host, tlsDirectory } = findDockerHost(engine);
    await requireEngine(openEngine(engine), engine);
    return { ...(host !== "" && { host }), ...(tlsDirectory !== undefined && { certPath: tlsDirectory }) };
  } catch (error) {
    throw new InvalidInput("dockerEngine", messageOf(error), { cause: error });
  }
}

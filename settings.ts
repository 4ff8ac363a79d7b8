import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import {
  type LocalHostDescriptor,
  type LocalProxyDescriptor,
  localHostDescriptor,
  localProxyDescriptor,
} from "#rollout/descriptors.ts";
import { InvalidInput } from "#rollout/errors.ts";
import { identifyJar } from "#rollout/jar.ts";
import { releaseId } from "#rollout/release.ts";
import { type LocalNginxInputs, localNginxInputs } from "#rollout/resources/localNginx.ts";
import { type Environment, type RollRequest, rollRequest } from "#rollout/rollRequest.ts";
import { parse } from "#rollout/validate.ts";

/** Everything that the program reads from `Pulumi.<stack>.yaml`, checked; descriptions are in Pulumi.yaml. */
export interface Settings {
  /** What the rollout is told, the environment of the JVM as a secret. */
  readonly rollout: Omit<RollRequest, "environment" | "hosts" | "proxy"> & {
    readonly hosts: LocalHostDescriptor[];
    readonly proxy: LocalProxyDescriptor;
    readonly environment: pulumi.Output<Environment>;
  };
  readonly nginx: LocalNginxInputs;
}

/** Reads and checks all settings; throws one line that names the setting, before anything is touched. */
export async function readSettings(): Promise<Settings> {
  try {
    const settings = await read(new pulumi.Config());
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

async function read(config: pulumi.Config): Promise<Settings> {
  const reader = new Reader(config);
  const kind = reader.text("kind");
  if (kind !== "local") throw new InvalidInput("kind", `expected local, got ${kind}`);
  const root = resolve(reader.text("directory") || `.rollgate/${pulumi.getStack()}`);
  const hosts = readHosts(reader.list("hosts"), root);
  const proxy = {
    kind,
    directory: `${root}/nginx`,
    address: reader.text("nginxAddress"),
    port: reader.number("nginxPort"),
  };
  const candidate = {
    hosts,
    proxy,
    launch: {
      java: reader.text("java"),
      jvmOptions: reader.list("jvmOptions"),
      arguments: reader.list("arguments"),
    },
    environment: reader.plain("environment"),
    health: {
      path: reader.text("healthPath"),
      passes: reader.number("healthPasses"),
      intervalMilliseconds: reader.number("healthIntervalMilliseconds"),
      timeoutMilliseconds: reader.number("healthTimeoutMilliseconds"),
      deadlineSeconds: reader.number("healthDeadlineSeconds"),
    },
    timing: {
      settleSeconds: reader.number("settleSeconds"),
      graceSeconds: reader.number("graceSeconds"),
      soakSeconds: reader.number("soakSeconds"),
      rollDeadlineSeconds: reader.number("rollDeadlineSeconds"),
      leaseWaitSeconds: reader.number("leaseWaitSeconds"),
      slowestRequestSeconds: reader.number("slowestRequestSeconds"),
      shutdownPhaseSeconds: reader.number("shutdownPhaseSeconds"),
    },
    minimumHealthy: readMinimumHealthy(reader.text("minimumHealthy"), hosts.length),
    keepReleases: reader.number("keepReleases"),
    onFailure: reader.text("onFailure"),
  };
  const nginx = {
    ...proxy,
    executable: reader.text("nginx"),
    flavour: reader.text("nginxFlavour"),
    healthPath: candidate.health.path,
    slowestRequestSeconds: candidate.timing.slowestRequestSeconds,
    settleSeconds: candidate.timing.settleSeconds,
    leaseWaitSeconds: candidate.timing.leaseWaitSeconds,
    check: {
      path: candidate.health.path,
      intervalMilliseconds: reader.number("checkIntervalMilliseconds"),
      rise: reader.number("checkRise"),
      fall: reader.number("checkFall"),
      timeoutMilliseconds: reader.number("checkTimeoutMilliseconds"),
      expect: reader.list("checkExpect"),
    },
    statusAllow: reader.list("statusAllow"),
  };
  const jarPath = reader.text("jar");
  const keptRelease = reader.text("release");
  reader.refuseUnknown();
  if (jarPath === "" && keptRelease === "") {
    throw new InvalidInput("jar", "expected a jar or a release, got neither");
  }
  const jar = keptRelease === "" ? await identifyJar(jarPath) : undefined;
  const goal = jar ? { release: releaseId(jar), jar } : { release: keptRelease };
  const { environment, ...rollout } = parse(rollRequest, { ...candidate, ...goal });
  const members = rollout.hosts.map(({ name, address, port }) => ({ name, address, port }));
  return {
    rollout: {
      ...rollout,
      hosts: parse(z.array(localHostDescriptor), rollout.hosts),
      proxy: parse(localProxyDescriptor, rollout.proxy),
      environment: pulumi.secret(environment),
    },
    nginx: parse(localNginxInputs, { ...nginx, hosts: members }),
  };
}

/** Reads each key once and remembers it, so that a key nobody asked for can be refused. */
class Reader {
  readonly #config: pulumi.Config;
  readonly #known = new Set<string>();

  constructor(config: pulumi.Config) {
    this.#config = config;
  }

  text(key: string): string {
    this.#known.add(key);
    this.#refuseSecret(key);
    return this.#config.get(key) ?? "";
  }

  number(key: string): number | string {
    const text = this.text(key);
    return /^-?\d+$/.test(text) ? Number(text) : text;
  }

  list(key: string): unknown[] {
    this.#refuseSecret(key);
    const value = this.plain(key);
    if (!Array.isArray(value)) throw new InvalidInput(key, `expected a list, got ${JSON.stringify(value)}`);
    return value;
  }

  /** A structured value in plain text, without Pulumi's warning about a secret that is read as plain. */
  plain(key: string): unknown {
    this.#known.add(key);
    const text = pulumi.runtime.allConfig()[`${this.#config.name}:${key}`] ?? "null";
    try {
      return JSON.parse(text);
    } catch {
      throw new InvalidInput(key, "expected a list or an object, got a text");
    }
  }

  #refuseSecret(key: string): void {
    const secrets: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]");
    if (Array.isArray(secrets) && secrets.includes(`${this.#config.name}:${key}`)) {
      throw new InvalidInput(
        key,
        "expected plain values, got a secret: only environment is kept secret everywhere",
      );
    }
  }

  refuseUnknown(): void {
    const prefix = `${this.#config.name}:`;
    for (const key of Object.keys(pulumi.runtime.allConfig())) {
      const name = key.slice(prefix.length);
      if (key.startsWith(prefix) && !this.#known.has(name)) {
        throw new InvalidInput(name, "unknown setting; Pulumi.yaml lists those there are");
      }
    }
  }
}

function readHosts(entries: readonly unknown[], root: string) {
  return entries.map((entry, index) => {
    const extra = ["directory", "kind"].find((key) => key in Object(entry));
    if (extra !== undefined) throw new InvalidInput(`hosts[${index}].${extra}`, "unknown setting");
    const host = { kind: "local", address: "127.0.0.1", ...Object(entry) };
    return { ...host, directory: `${root}/hosts/${host.name}` };
  });
}

function readMinimumHealthy(text: string, hosts: number): number | string {
  if (text === "all others") return Math.max(0, hosts - 1);
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** The key in the stack file for a path in the request: `proxy.port` is `nginxPort`, `health.path` is `healthPath`. */
function settingOf(property: string): string {
  const [group = "", member, ...rest] = property.split(".");
  if (property === "flavour") return "nginxFlavour";
  if (property === "executable") return "nginx";
  if (property === "proxy.directory") return "directory";
  if (member === undefined || group.includes("[")) return property;
  const tail = rest.length > 0 ? `.${rest.join(".")}` : "";
  if (group === "timing" || group === "launch") return `${member}${tail}`;
  if (group !== "proxy" && group !== "health" && group !== "check") return property;
  return `${group === "proxy" ? "nginx" : group}${member.charAt(0).toUpperCase()}${member.slice(1)}${tail}`;
}

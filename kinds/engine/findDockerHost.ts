import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { RollgateError } from "#rollout/common/errors.ts";
import { dockerFolder, parseConfig, readIfThere } from "./dockerConfig.ts";

/** Where a Docker engine is, and the folder of its TLS key pair, if any. */
export interface DockerHost {
  /** As in DOCKER_HOST; empty means the default socket. */
  readonly host: string;
  readonly tlsDirectory?: string;
  readonly verify: boolean;
}

const config = z.looseObject({ currentContext: z.string().optional() });
const context = z.looseObject({
  Endpoints: z.looseObject({
    docker: z.looseObject({ Host: z.string(), SkipTLSVerify: z.boolean().optional() }),
  }),
});

/**
 * Finds the engine in the order of the docker CLI: DOCKER_HOST, DOCKER_CONTEXT, the current context, the default.
 * https://docs.docker.com/engine/manage-resources/contexts/
 */
export function findDockerHost(given: string, environment = process.env): DockerHost {
  const folder = dockerFolder(environment);
  const host = given || environment.DOCKER_HOST;
  if (host) {
    const tls = Boolean(environment.DOCKER_TLS_VERIFY || environment.DOCKER_TLS);
    const tlsDirectory = environment.DOCKER_CERT_PATH || folder;
    return { host, verify: Boolean(environment.DOCKER_TLS_VERIFY), ...(tls && { tlsDirectory }) };
  }
  const name = environment.DOCKER_CONTEXT || currentContext(folder);
  if (name === undefined || name === "default") return { host: "", verify: true };
  return readContext(folder, name);
}

function currentContext(folder: string): string | undefined {
  const file = join(folder, "config.json");
  const text = readIfThere(file);
  return text === undefined ? undefined : parseConfig(config, text, file).currentContext || undefined;
}

function readContext(folder: string, name: string): DockerHost {
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(folder, "contexts", "meta", id, "meta.json");
  const text = readIfThere(file);
  if (text === undefined) {
    throw new RollgateError(
      "docker-context",
      `expected the current docker context ${name} in ${file}, found none`,
    );
  }
  const { docker } = parseConfig(context, text, file).Endpoints;
  const tlsDirectory = join(folder, "contexts", "tls", id, "docker");
  const hasTls = readIfThere(join(tlsDirectory, "ca.pem")) !== undefined;
  return { host: docker.Host, verify: !docker.SkipTLSVerify, ...(hasTls && { tlsDirectory }) };
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { isSystemError, RollgateError } from "#rollout/common/errors.ts";

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
  const folder = environment.DOCKER_CONFIG || join(homedir(), ".docker");
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
  return text === undefined ? undefined : understand(config, text, file).currentContext || undefined;
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
  const { docker } = understand(context, text, file).Endpoints;
  const tlsDirectory = join(folder, "contexts", "tls", id, "docker");
  const hasTls = readIfThere(join(tlsDirectory, "ca.pem")) !== undefined;
  return { host: docker.Host, verify: !docker.SkipTLSVerify, ...(hasTls && { tlsDirectory }) };
}

/** Errors don't quote the file, because `config.json` may contain passwords. */
function understand<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new RollgateError(
      "docker-config",
      `expected the docker CLI's own format in ${file}, got something else`,
      {
        cause: error,
      },
    );
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { isSystemError, RollgateError } from "#rollout/common/errors.ts";
import { dockerFolder, parseConfig, readIfThere } from "../engine/dockerConfig.ts";

/** Credentials for a registry, as the Docker API takes them. */
export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

/** The docker CLI's name for Docker Hub in its files. */
const DOCKER_HUB = "https://index.docker.io/v1/";
const HELPER_MILLISECONDS = 30_000;
/** The user name that a helper returns for a token. */
const TOKEN_USER = "<token>";

const entry = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configFile = z.looseObject({
  auths: z.record(z.string(), entry).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
const helperAnswer = z.looseObject({ Username: z.string(), Secret: z.string() });

/** The registry that an image is pulled from, as the docker CLI names it in its files. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return !isHost || first === "docker.io" || first === "index.docker.io" ? DOCKER_HUB : first;
}

/**
 * Finds the credentials for an image where the docker CLI would: in DOCKER_AUTH_CONFIG, then with a credential helper,
 * then in `config.json`. Returns `undefined` if the user has not logged in.
 */
export async function findCredentials(
  image: string,
  environment = process.env,
): Promise<RegistryCredentials | undefined> {
  const registry = registryOf(image);
  const given = environment.DOCKER_AUTH_CONFIG;
  const inVariable = given
    ? fromFile(parseConfig(configFile, given, "DOCKER_AUTH_CONFIG"), registry)
    : undefined;
  if (inVariable) return inVariable;
  const file = join(dockerFolder(environment), "config.json");
  const written = readIfThere(file);
  if (written === undefined) return undefined;
  const config = parseConfig(configFile, written, file);
  const helper = config.credHelpers?.[registry] || config.credsStore;
  return (helper && (await askHelper(helper, registry, environment))) || fromFile(config, registry);
}

function fromFile(
  { auths = {} }: z.infer<typeof configFile>,
  registry: string,
): RegistryCredentials | undefined {
  const key = Object.keys(auths).find((name) => name === registry || hostOf(name) === hostOf(registry));
  const found = key === undefined ? undefined : auths[key];
  if (!found) return undefined;
  const [, user = "", pass = ""] = /^([^:]*):(.*)$/s.exec(decode(found.auth ?? "")) ?? [];
  const [username, password] = [found.username || user, found.password || pass.replaceAll("\0", "")];
  if (found.identitytoken) return { identitytoken: found.identitytoken, serveraddress: registry };
  return username === "" ? undefined : { username, password, serveraddress: registry };
}

/** https://github.com/docker/docker-credential-helpers: the registry goes in, JSON comes out. */
async function askHelper(
  helper: string,
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<RegistryCredentials | undefined> {
  const command = `docker-credential-${helper}`;
  const refuse = (reason: string, cause?: unknown) =>
    new RollgateError(
      "credential-helper",
      `expected ${command} to return the credentials for ${registry}, ${reason}`,
      {
        cause,
      },
    );
  const child = spawn(command, ["get"], {
    env,
    stdio: ["pipe", "pipe", "ignore"],
    timeout: HELPER_MILLISECONDS,
  });
  child.stdin.on("error", () => {});
  child.stdin.end(registry);
  const [[code], answer] = await Promise.all([once(child, "close"), text(child.stdout)]).catch((error) => {
    throw refuse(isSystemError(error, "ENOENT") ? "it is not on PATH" : "it could not be run", error);
  });
  if (code !== 0 && /credentials not found/i.test(answer)) return undefined;
  // Its output may contain a secret.
  if (code !== 0) throw refuse(`it exited with ${code ?? "a signal"}`);
  const { Username, Secret } = helperAnswer.parse(JSON.parse(answer));
  if (Username === TOKEN_USER) return { identitytoken: Secret, serveraddress: registry };
  return Username === "" ? undefined : { username: Username, password: Secret, serveraddress: registry };
}

function hostOf(registry: string): string {
  return registry.replace(/^https?:\/\//, "").split("/")[0] ?? "";
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

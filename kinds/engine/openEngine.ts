import { existsSync, readFileSync } from "node:fs";
import type { Agent } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { type DockerHost, findDockerHost } from "./findDockerHost.ts";
import { patientAgent } from "./patientAgent.ts";
import { sshAgent } from "./sshAgent.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";
const ANSWER_MILLISECONDS = 10_000;

/** A client for the engine `given`, or for the docker CLI's own if empty. */
export function openEngine(given: string): Docker {
  return new Docker(optionsFor(findDockerHost(given)));
}

/** Throws a one-line error if no engine answers there. */
export async function requireEngine(docker: Docker, given: string): Promise<void> {
  try {
    await Promise.race([docker.ping(), noAnswer()]);
  } catch (error) {
    const where = given || findDockerHost("").host || `unix://${DEFAULT_SOCKET}`;
    throw new RollgateError("no-engine", `expected a Docker engine at ${where}, got ${wordsOf(error)}`, {
      cause: error,
    });
  }
}

/** Whether two addresses lead to the same engine. */
export async function isSameEngine(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const ids = await Promise.all(
    [one, other].map(async (given) => {
      const docker = openEngine(given);
      await requireEngine(docker, given);
      return Object(await docker.info()).ID;
    }),
  );
  return ids[0] === ids[1];
}

function wordsOf(error: unknown): string {
  const words = messageOf(error);
  return words.startsWith("Parse Error") ? "an answer that is not from a Docker engine" : words;
}

async function noAnswer(): Promise<never> {
  await sleep(ANSWER_MILLISECONDS, undefined, { ref: false });
  throw new Error(`no answer within ${ANSWER_MILLISECONDS / 1000} s`);
}

type Options = Docker.DockerOptions & { agent?: Agent };

/** Set explicitly, because the client library would take missing options from DOCKER_HOST. */
const NOTHING = { socketPath: undefined, host: undefined, port: undefined } as const;

function optionsFor({ host, tlsDirectory, verify }: DockerHost): Options {
  const plain = { ...NOTHING, protocol: "http", agent: patientAgent() } as const;
  if (host === "" || host === "unix://") return { ...plain, socketPath: defaultSocket() };
  const [scheme = "", rest = ""] = host.includes("://") ? host.split(/:\/\/(.*)/s) : ["tcp", host];
  if (scheme === "unix" || scheme === "npipe") return { ...plain, socketPath: rest };
  const text = `${scheme}://${rest}`;
  if (!URL.canParse(text)) {
    throw new RollgateError(
      "no-engine",
      `expected unix:///…, tcp://host:port or ssh://user@host, got ${host}`,
    );
  }
  const url = new URL(text);
  if (scheme === "ssh")
    return { ...NOTHING, protocol: "http", host: "docker", port: 80, agent: sshAgent(url) };
  const secure = tlsDirectory !== undefined || scheme === "https";
  const place = { ...NOTHING, host: url.hostname, port: Number(url.port) || (secure ? 2376 : 2375) };
  if (!secure) return { ...plain, ...place };
  if (tlsDirectory === undefined) return { ...place, protocol: "https" };
  const read = (name: string) => readFileSync(join(tlsDirectory, name));
  const pair = { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  return { ...place, protocol: "https", agent: patientAgent({ ...pair, rejectUnauthorized: verify }) };
}

/** A single-user Docker Desktop has its socket in the home directory. */
function defaultSocket(): string {
  const own = join(homedir(), ".docker", "run", "docker.sock");
  return existsSync(own) ? own : DEFAULT_SOCKET;
}

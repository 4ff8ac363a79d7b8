import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { Agent } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { messageOf, RollgateError } from "../errors.ts";
import { type DockerHost, findDockerHost } from "./dockerHost.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";
const ANSWER_MILLISECONDS = 10_000;

/** A client of the engine that `given` names, or of the docker CLI's own when it is empty. */
export function openEngine(given: string): Docker {
  return new Docker(optionsFor(findDockerHost(given)));
}

/** Throws one line when no engine answers there. */
export async function requireEngine(docker: Docker, given: string): Promise<void> {
  try {
    await Promise.race([docker.ping(), noAnswer()]);
  } catch (error) {
    const where = given || findDockerHost("").host || `unix://${DEFAULT_SOCKET}`;
    throw new RollgateError("no-engine", `expected a Docker engine at ${where}, got ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function noAnswer(): Promise<never> {
  await sleep(ANSWER_MILLISECONDS, undefined, { ref: false });
  throw new Error(`no answer within ${ANSWER_MILLISECONDS / 1000} s`);
}

function optionsFor({ host, tlsDirectory, verify }: DockerHost): Docker.DockerOptions & { agent?: Agent } {
  if (host === "") return { socketPath: defaultSocket() };
  const url = new URL(host.includes("://") ? host : `tcp://${host}`);
  if (url.protocol === "unix:") return { socketPath: url.pathname || defaultSocket() };
  if (url.protocol === "npipe:") return { socketPath: host.slice("npipe://".length) };
  if (url.protocol === "ssh:") return { protocol: "http", host: "docker", port: 80, agent: sshAgent(url) };
  const port = Number(url.port) || (tlsDirectory ? 2376 : 2375);
  if (!tlsDirectory && url.protocol !== "https:") return { protocol: "http", host: url.hostname, port };
  const read = (name: string) => readFileSync(join(tlsDirectory ?? "", name));
  const pair = tlsDirectory ? { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") } : {};
  const check = verify ? {} : { checkServerIdentity: () => undefined };
  return { protocol: "https", host: url.hostname, port, ...pair, ...check };
}

/** Docker Desktop of a single user has its socket in the home directory. */
function defaultSocket(): string {
  const own = join(homedir(), ".docker", "run", "docker.sock");
  return existsSync(own) ? own : DEFAULT_SOCKET;
}

/**
 * What the docker CLI does for ssh://: the user's own ssh, with its configuration, agent and known hosts, carries
 * one connection to the engine each. The client library's own SSH would take any host key.
 */
function sshAgent(url: URL): Agent {
  const user = url.username ? ["-l", decodeURIComponent(url.username)] : [];
  const port = url.port ? ["-p", url.port] : [];
  const agent = new Agent();
  agent.createConnection = () => {
    const ssh = spawn(
      "ssh",
      [
        "-T",
        "-o",
        "ConnectTimeout=10",
        ...user,
        ...port,
        "--",
        url.hostname,
        "docker",
        "system",
        "dial-stdio",
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const stream = Duplex.from({ readable: ssh.stdout, writable: ssh.stdin });
    ssh.once("error", (error) => stream.destroy(error));
    return stream;
  };
  return agent;
}

import { once } from "node:events";
import { createServer } from "node:net";
import type Docker from "dockerode";
import { InvalidInput, isSystemError } from "#rollout/common/errors.ts";
import { findDockerHost } from "../engine/findDockerHost.ts";
import type { DockerProxyDescriptor } from "./dockerDescriptors.ts";

const EVERY_ADDRESS = ["0.0.0.0", "::", ""];

/** Rejects ports for one of the nginx that another container publishes or, on this machine, any process uses. */
export async function requireFreePorts(
  docker: Docker,
  proxy: DockerProxyDescriptor,
  index = 0,
): Promise<void> {
  await requireFree(docker, proxy, `proxies[${index}].port`, proxy.port);
  if (proxy.tlsPort !== undefined) {
    await requireFree(docker, proxy, `proxies[${index}].tlsPort`, proxy.tlsPort);
  }
}

async function requireFree(
  docker: Docker,
  { container, address, engine }: DockerProxyDescriptor,
  property: string,
  port: number,
): Promise<void> {
  const running = await docker.listContainers();
  const owner = running
    .find(({ Ports }) => Ports.some(({ PublicPort, IP }) => PublicPort === port && meet(IP, address)))
    ?.Names[0]?.slice(1);
  if (owner === container) return;
  const refuse = (taker: string) =>
    new InvalidInput(property, `expected a free port at ${address}, got ${port}, which is taken by ${taker}`);
  if (owner !== undefined) throw refuse(`the container ${owner}`);
  if (isHere(engine) && (await isTaken(address, port))) throw refuse("a process on this machine");
}

function meet(one: string | undefined, other: string): boolean {
  return one === other || EVERY_ADDRESS.includes(one ?? "") || EVERY_ADDRESS.includes(other);
}

function isHere(engine: string): boolean {
  const { host } = findDockerHost(engine);
  return host === "" || host.startsWith("unix:") || host.startsWith("npipe:");
}

/** A port that can't be tried here, such as one below 1024, is left to Docker. */
async function isTaken(host: string, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port, exclusive: true });
  try {
    await once(server, "listening");
    return false;
  } catch (error) {
    return isSystemError(error, "EADDRINUSE");
  } finally {
    server.close();
  }
}

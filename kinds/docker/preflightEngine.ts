import type Docker from "dockerode";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import type { ServingInputs } from "../servingInputs.ts";
import { isDockerError } from "./containerMachine.ts";
import type { DockerHostDescriptor, DockerProxyDescriptor } from "./dockerDescriptors.ts";
import { firstSlot, secondSlot } from "./dockerSlot.ts";
import { lookAtCertificate } from "./lookAtCertificate.ts";
import { occupantIn } from "./occupantOf.ts";
import { requireFreePorts } from "./requireFreePort.ts";
import { requireImages } from "./requireImages.ts";
import { overlap } from "./subnet.ts";

/** What a stack will have on an engine. */
export interface WantedOnEngine {
  readonly hosts: readonly DockerHostDescriptor[];
  readonly network: { readonly name: string; readonly subnet: string };
  readonly proxies: readonly DockerProxyDescriptor[];
  /** What they serve. */
  readonly serving: Pick<ServingInputs, "tls" | "serverNames">;
  /** Images by the settings that name them. */
  readonly images: { readonly containerImage: string; readonly nginxImage: string };
}

/** Rejects what Docker or Pulumi's provider would reject in the middle of an update; names the setting. */
export async function preflightEngine(docker: Docker, wanted: WantedOnEngine): Promise<void> {
  await Promise.all([
    requireNetwork(docker, wanted),
    ...wanted.proxies.map((proxy, index) => requireFreePorts(docker, proxy, index)),
    requireCertificate(docker, wanted),
    requireImages(docker, wanted.images),
  ]);
}

/** Once there is an nginx, its resource tells when its certificate expires. */
async function requireCertificate(
  docker: Docker,
  { images, serving, proxies }: WantedOnEngine,
): Promise<void> {
  const warning = await lookAtCertificate(docker, images.nginxImage, serving);
  if (warning === undefined) return;
  const running = (await docker.listContainers()).flatMap(({ Names }) => Names);
  if (proxies.some(({ container }) => running.includes(`/${container}`))) return;
  console.log(`warning: tls.certificate: ${warning}`);
}

/**
 * The network is never replaced, because everything depends on it, so another subnet is rejected. A new host can't have
 * the address of a removed one, because Pulumi removes the old container last.
 */
async function requireNetwork(docker: Docker, { network, hosts }: WantedOnEngine): Promise<void> {
  const there = await inspectNetwork(docker, network.name);
  if (!there) return requireFreeSubnet(docker, network.subnet);
  const subnets = subnetsOf(there);
  if (!subnets.includes(network.subnet)) {
    throw new InvalidInput(
      "dockerSubnet",
      `expected ${subnets.join(" and ")}, the subnet of the network ${network.name}, got ${network.subnet}: destroy the stack first, or keep the subnet`,
    );
  }
  for (const [index, host] of hosts.entries()) {
    for (const [setting, slot] of Object.entries({
      address: firstSlot(host),
      secondAddress: secondSlot(host),
    })) {
      if (!slot) continue;
      const occupant = occupantIn(there.Containers, slot.address);
      if (occupant === undefined || occupant === slot.container) continue;
      throw new InvalidInput(
        `hosts[${index}].${setting}`,
        `expected a free address, got ${slot.address}, which is taken by the container ${occupant}: to rename a host or reuse its address, remove the old one and run pulumi up, then add ${host.name}; or give ${host.name} another ${setting}`,
      );
    }
  }
}

async function inspectNetwork(docker: Docker, name: string): Promise<Docker.NetworkInspectInfo | undefined> {
  try {
    return await docker.getNetwork(name).inspect();
  } catch (error) {
    if (isDockerError(error, 404)) return undefined;
    throw new InvalidInput("dockerEngine", messageOf(error), { cause: error });
  }
}

async function requireFreeSubnet(docker: Docker, subnet: string): Promise<void> {
  for (const network of await docker.listNetworks()) {
    const taken = subnetsOf(network).find((other) => !other.includes(":") && overlap(subnet, other));
    if (taken === undefined) continue;
    throw new InvalidInput(
      "dockerSubnet",
      `expected a subnet that no network of the engine uses, got ${subnet}, which overlaps ${taken} of the network ${network.Name}`,
    );
  }
}

function subnetsOf(network: Docker.NetworkInspectInfo): string[] {
  return (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet ? [Subnet] : []));
}

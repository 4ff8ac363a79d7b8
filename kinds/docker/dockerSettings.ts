import { createHash } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { parse } from "#rollout/request/validate.ts";
import { readHosts } from "../../settings/hosts.ts";
import type { Reader } from "../../settings/reader.ts";
import type { Found } from "../declaration.ts";
import { type KindSettings, poolOf, SSH_DEFAULTS } from "../kind.ts";
import { dockerHostDescriptor } from "./dockerDescriptors.ts";
import { dockerNginxInputs } from "./dockerNginxInputs.ts";
import { findDockerHost } from "./findDockerHost.ts";
import { hostsOnDocker, nginxOnDocker } from "./onDocker.ts";
import { openEngine, requireEngine } from "./openEngine.ts";
import { preflightEngine, type WantedOnEngine } from "./preflightEngine.ts";
import { readSubnet, type Subnet, toNumber, toText } from "./subnet.ts";

const DEFAULT_PORT = 8080;
/** What nginx and the container before the one that runs are called, beside those of hosts. */
const TAKEN_NAMES = /^nginx$|-before$/;

/** Hosts and nginx as containers of one engine. */
export function readDockerSettings(reader: Reader): KindSettings {
  reader.refuseSet("local", ["directory"]);
  reader.refuseSet("ssh", ["nginxServer", "sshConfig", "sshProvisionUser"]);
  reader.ignore("nginx", ...SSH_DEFAULTS);
  const prefix = `${pulumi.getProject()}-${pulumi.getStack()}`.toLowerCase();
  const engine = reader.text("dockerEngine");
  const subnet = readSubnet(reader.text("dockerSubnet") || subnetFor(prefix));
  // What is called after the stack never meets what another one has on the engine.
  const nginx = `${prefix}-nginx`;
  const baseImage = reader.text("nginxImage");
  const hosts = readHosts(reader.hosts(), ({ name, address }, index) => ({
    kind: "docker",
    engine,
    container: `${prefix}-${name}`,
    volume: `${prefix}-${name}`,
    network: prefix,
    port: DEFAULT_PORT,
    ...(typeof name === "string" && { address: addressIn(subnet, address, name, index) }),
  }));
  refuseSharedAddresses(hosts);
  return {
    hosts,
    proxy: {
      kind: "docker",
      engine,
      container: nginx,
      address: reader.text("nginxAddress"),
      port: reader.number("nginxPort"),
    },
    container: {
      image: reader.text("containerImage"),
      user: reader.text("containerUser"),
      memoryMegabytes: reader.number("containerMemoryMegabytes"),
      milliCpus: readMilliCpus(reader.text("containerCpus")),
    },
    declare(request, serving) {
      const inputs = { ...request.proxy, ...Object(serving), hosts: poolOf(request) };
      const nginxInputs = parse(dockerNginxInputs, inputs);
      const wanted: WantedOnEngine = {
        hosts: parse(z.array(dockerHostDescriptor), request.hosts),
        network: { name: prefix, subnet: subnet.text },
        proxy: nginxInputs,
        images: { containerImage: request.launch.container?.image ?? "", nginxImage: baseImage },
      };
      const { hosts, network, images } = wanted;
      return {
        app: hostsOnDocker({
          hosts,
          image: images.containerImage,
          network,
          graceSeconds: request.timing.graceSeconds,
        }),
        nginx: nginxOnDocker({ ...nginxInputs, baseImage, network: prefix, volume: nginx }),
        preflight: async () => {
          const found = await findEngine(engine);
          await preflightEngine(openEngine(engine), wanted);
          return found;
        },
      };
    },
  };
}

/** Pulumi's own provider would say neither where it looked nor which setting that comes from. */
async function findEngine(given: string): Promise<Found> {
  try {
    const { host, tlsDirectory } = findDockerHost(given);
    await requireEngine(openEngine(given), given);
    return {
      engine: { ...(host !== "" && { host }), ...(tlsDirectory !== undefined && { certPath: tlsDirectory }) },
    };
  } catch (error) {
    throw new InvalidInput("dockerEngine", messageOf(error), { cause: error });
  }
}

/** A network of its own for every stack, the same on every machine; one that meets another is a setting away. */
function subnetFor(prefix: string): string {
  const [second = 0, third = 0] = createHash("sha256").update(prefix).digest();
  return `10.${128 + (second % 64)}.${third}.0/24`;
}

/** A host keeps its address whoever else comes and goes: it follows from the number at the end of its name. */
function addressIn(subnet: Subnet, given: unknown, name: string, index: number): unknown {
  if (TAKEN_NAMES.test(name)) {
    throw new InvalidInput(
      `hosts[${index}].name`,
      `expected something other than nginx and …-before, which are taken on the engine, got ${name}`,
    );
  }
  const range = `expected one from ${toText(subnet.first)} to ${toText(subnet.last)}`;
  const refuse = (reason: string) => new InvalidInput(`hosts[${index}].address`, `${range}, ${reason}`);
  if (given !== undefined) {
    // What is no address at all is refused with everything else.
    if (typeof given !== "string" || isIP(given) === 0) return given;
    const isIn = isIPv4(given) && toNumber(given) >= subnet.first && toNumber(given) <= subnet.last;
    if (!isIn) throw refuse(`got ${given}`);
    return given;
  }
  const digits = /\d+$/.exec(name)?.[0];
  if (digits === undefined) throw refuse(`or a name with a number at its end, got ${name}`);
  const address = subnet.first + Number(digits);
  if (address > subnet.last) throw refuse(`or a smaller number at the end of the name, got ${name}`);
  return toText(address);
}

/** On one network an address is a host's own, whatever its port. */
function refuseSharedAddresses(hosts: readonly object[]): void {
  const places = hosts.map((host): { name?: unknown; address?: unknown } => host);
  for (const [index, { name, address }] of places.entries()) {
    const twin = places.findIndex((other) => other.address === address);
    if (address === undefined || twin === index || places[twin]?.name === name) continue;
    throw new InvalidInput(
      `hosts[${index}].address`,
      `expected a unique address and port, got ${address} as in hosts[${twin}]`,
    );
  }
}

function readMilliCpus(text: string): number {
  const cpus = Number(text);
  // The engine takes no fewer than a hundredth.
  if (text.trim() !== "" && (cpus === 0 || (cpus >= 0.01 && cpus <= 1024))) return Math.round(cpus * 1000);
  throw new InvalidInput(
    "containerCpus",
    `expected 0.01–1024 processors, such as 1.5, or 0, got ${JSON.stringify(text)}`,
  );
}

import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { z } from "zod";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import { OF_FOREIGN_NGINX } from "../../settings/frontDoor/foreignNginx.ts";
import { readHosts, withHealthPort } from "../../settings/hosts.ts";
import { readNginxServers } from "../../settings/nginxServers.ts";
import type { Reader } from "../../settings/reader.ts";
import type { Found } from "../declaration.ts";
import { findDockerHost } from "../engine/findDockerHost.ts";
import { openEngine, requireEngine } from "../engine/openEngine.ts";
import { type KindSettings, poolOf, SSH_DEFAULTS } from "../kind.ts";
import { readMilliCpus } from "../milliCpus.ts";
import {
  type DockerProxyDescriptor,
  dockerHostDescriptor,
  dockerNginxInputs,
  dockerProxyDescriptor,
} from "./dockerDescriptors.ts";
import { hostsOnDocker, nginxOnDocker } from "./onDocker.ts";
import { preflightEngine, type WantedOnEngine } from "./preflightEngine.ts";
import { withSecondSlots } from "./secondAddresses.ts";
import { expectedIn, isWithin, readSubnet, type Subnet, toText } from "./subnet.ts";

const DEFAULT_PORT = 8080;
/** Names used for nginx and for previous containers. */
const TAKEN_NAMES = /^nginx(-\d+)?$|-before$/;

/** Hosts and nginx as containers on one engine. */
export function readDockerSettings(reader: Reader): KindSettings {
  reader.refuseSet("local", ["directory"]);
  reader.refuseSet("ssh", ["sshConfig", "sshProvisionUser"]);
  reader.refuseSet("local or ssh", ["controlPort", ...OF_FOREIGN_NGINX]);
  if (reader.text("nginxMode") !== "own")
    throw new InvalidInput(
      "nginxMode",
      `expected own for stacks of kind docker, got ${JSON.stringify(reader.text("nginxMode"))}`,
    );
  reader.ignore("nginx", ...SSH_DEFAULTS);
  const prefix = `${reader.project}-${reader.stack}`.toLowerCase();
  const engine = reader.text("dockerEngine");
  const subnet = readSubnet(reader.text("dockerSubnet") || subnetFor(prefix));
  // Names include the stack, so that two stacks on one engine never collide.
  const nginx = `${prefix}-nginx`;
  const baseImage = reader.text("nginxImage");
  const given = readHosts(
    reader.hosts(),
    ({ name, address }, index) => ({
      kind: "docker",
      engine,
      container: `${prefix}-${name}`,
      volume: `${prefix}-${name}`,
      network: prefix,
      port: DEFAULT_PORT,
      ...(typeof name === "string" && { address: addressIn(subnet, address, name, index) }),
    }),
    ["secondAddress", "secondPort"],
  );
  refuseSharedAddresses(given);
  // In a container of its own, the second slot can have the same ports.
  const hosts = withSecondSlots(withHealthPort(given, reader.number("healthPort")), subnet);
  const first = {
    kind: "docker",
    engine,
    container: nginx,
    address: reader.text("nginxAddress"),
    port: reader.number("nginxPort"),
  };
  const others = readNginxServers(reader, ["port", "address"]).map((entry) => ({
    ...first,
    container: `${nginx}-${entry.port}`,
    ...entry,
  }));
  return {
    hosts,
    proxies: [first, ...others],
    container: {
      image: reader.text("containerImage"),
      user: reader.text("containerUser"),
      memoryMegabytes: reader.number("containerMemoryMegabytes"),
      milliCpus: readMilliCpus(reader.text("containerCpus")),
    },
    declare(request, serving) {
      const proxies = parse(proxiesOf(dockerProxyDescriptor), request.proxies);
      refuseSharedPorts(proxies);
      const inputs = { ...proxies[0], ...Object(serving), hosts: poolOf(request) };
      const nginxInputs = parse(dockerNginxInputs, inputs);
      const wanted: WantedOnEngine = {
        hosts: parse(z.array(dockerHostDescriptor), request.hosts),
        network: { name: prefix, subnet: subnet.text },
        proxies,
        serving: nginxInputs,
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
        nginx: nginxOnDocker({
          ...{ ...nginxInputs, baseImage, network: prefix, volume: nginx },
          ...(proxies.length > 1 && {
            others: proxies.slice(1).map((place) => ({ place, volume: place.container })),
          }),
        }),
        preflight: async () => {
          const found = await findEngine(engine);
          await preflightEngine(openEngine(engine), wanted);
          return found;
        },
      };
    },
  };
}

/** Pulumi's own provider would report neither where it looked nor which setting to change. */
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

/** A subnet derived from the stack's name; `dockerSubnet` is for the case that it overlaps another. */
function subnetFor(prefix: string): string {
  const [second = 0, third = 0] = createHash("sha256").update(prefix).digest();
  return `10.${128 + (second % 64)}.${third}.0/24`;
}

/** A host's address follows from the number at the end of its name, so that it doesn't depend on other hosts. */
function addressIn(subnet: Subnet, given: unknown, name: string, index: number): unknown {
  if (TAKEN_NAMES.test(name)) {
    throw new InvalidInput(
      `hosts[${index}].name`,
      `expected a name other than nginx and …-before, which rollgate uses itself, got ${name}`,
    );
  }
  const refuse = (reason: string) =>
    new InvalidInput(`hosts[${index}].address`, `${expectedIn(subnet)}, ${reason}`);
  if (given !== undefined) {
    // The schema rejects what is not an address at all.
    if (typeof given !== "string" || isIP(given) === 0) return given;
    if (!isWithin(subnet, given)) throw refuse(`got ${given}`);
    return given;
  }
  const digits = /\d+$/.exec(name)?.[0];
  if (digits === undefined) throw refuse(`or a name with a number at its end, got ${name}`);
  const address = subnet.first + Number(digits);
  if (address > subnet.last) throw refuse(`or a smaller number at the end of the name, got ${name}`);
  return toText(address);
}

/** On one network, two hosts can't share an address, even with different ports. */
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

/** Inside, each container has the same port; the engine publishes it only once. */
function refuseSharedPorts(proxies: readonly DockerProxyDescriptor[]): void {
  for (const [index, proxy] of proxies.entries()) {
    const taken = proxies.slice(0, index).flatMap(({ port, tlsPort }) => [port, tlsPort]);
    for (const key of ["port", "tlsPort"] as const) {
      const port = proxy[key];
      if (port === undefined || !taken.includes(port)) continue;
      throw new InvalidInput(
        `proxies[${index}].${key}`,
        `expected a unique port, got ${port}, a port of another nginx`,
      );
    }
  }
}

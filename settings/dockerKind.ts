import { createHash } from "node:crypto";
import { BlockList, isIPv4 } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { InvalidInput } from "#rollout/errors.ts";
import { readHosts } from "./hosts.ts";
import { type KindSettings, SSH_DEFAULTS } from "./kinds.ts";
import type { Reader } from "./reader.ts";

const DEFAULT_PORT = 8080;
/** The first addresses of a network are the gateway's and nginx's. */
const FIRST_HOST = 10;

/** What the stack's own things on the engine are called, so that two stacks never meet. */
export interface DockerNames {
  readonly network: string;
  readonly subnet: string;
  readonly nginx: string;
}

/** Hosts and nginx as containers of one engine. */
export function readDockerKind(reader: Reader): KindSettings & { readonly names: DockerNames } {
  reader.refuseSet("local", ["directory"]);
  reader.refuseSet("ssh", ["nginxServer", "sshConfig", "sshProvisionUser"]);
  reader.ignore(...SSH_DEFAULTS);
  const prefix = `${pulumi.getProject()}-${pulumi.getStack()}`.toLowerCase();
  const engine = reader.text("dockerEngine");
  const subnet = readSubnet(reader.text("dockerSubnet") || subnetFor(prefix));
  const names = { network: prefix, subnet: subnet.text, nginx: `${prefix}-nginx` };
  return {
    names,
    hosts: readHosts(reader.list("hosts"), ({ name, address }, index) => ({
      kind: "docker",
      engine,
      container: `${prefix}-${name}`,
      volume: `${prefix}-${name}`,
      network: prefix,
      port: DEFAULT_PORT,
      address: addressIn(subnet, address, String(name), index),
    })),
    proxy: {
      kind: "docker",
      engine,
      container: names.nginx,
      address: reader.text("nginxAddress"),
      port: reader.number("nginxPort"),
    },
    container: {
      image: reader.text("containerImage"),
      user: reader.text("containerUser"),
      memoryMegabytes: reader.number("containerMemoryMegabytes"),
      milliCpus: readMilliCpus(reader.text("containerCpus")),
    },
  };
}

interface Subnet {
  readonly text: string;
  readonly base: number;
  readonly prefixLength: number;
}

/** A network of its own for every stack, the same on every machine; one that meets another is a setting away. */
function subnetFor(prefix: string): string {
  const [second = 0, third = 0] = createHash("sha256").update(prefix).digest();
  return `10.${128 + (second % 64)}.${third}.0/24`;
}

function readSubnet(text: string): Subnet {
  const [address = "", length = "", ...rest] = text.split("/");
  const prefixLength = Number(length);
  const isNetwork = isIPv4(address) && rest.length === 0 && /^\d+$/.test(length);
  if (!isNetwork || prefixLength < 8 || prefixLength > 28) {
    throw new InvalidInput(
      "dockerSubnet",
      `expected a network such as 10.77.0.0/24, got ${JSON.stringify(text)}`,
    );
  }
  return { text, base: toNumber(address), prefixLength };
}

/** A host keeps its address whoever else comes and goes: it follows from the number at the end of its name. */
function addressIn(subnet: Subnet, given: unknown, name: string, index: number): string {
  const network = new BlockList();
  network.addSubnet(toText(subnet.base), subnet.prefixLength);
  const number = Number(/\d+$/.exec(name)?.[0] ?? Number.NaN);
  const address = typeof given === "string" ? given : toText(subnet.base + FIRST_HOST + number);
  if (Number.isNaN(number) && given === undefined) {
    throw new InvalidInput(
      `hosts[${index}].address`,
      `expected one in ${subnet.text}, or a name with a number at its end, got ${JSON.stringify(name)}`,
    );
  }
  if (isIPv4(address) && !network.check(address)) {
    throw new InvalidInput(`hosts[${index}].address`, `expected one in ${subnet.text}, got ${address}`);
  }
  return address;
}

function readMilliCpus(text: string): number {
  const cpus = Number(text);
  if (text !== "" && cpus >= 0 && cpus <= 1024) return Math.round(cpus * 1000);
  throw new InvalidInput(
    "containerCpus",
    `expected 0–1024 processors, such as 1.5, got ${JSON.stringify(text)}`,
  );
}

function toNumber(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

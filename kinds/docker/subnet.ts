import { isIPv4 } from "node:net";
import { InvalidInput } from "#rollout/common/errors.ts";

/** The first addresses of a network are for the gateway and nginx. */
const FIRST_HOST = 10;

/** The addresses of a stack's network. */
export interface Subnet {
  readonly text: string;
  readonly base: number;
  /** The range for hosts. */
  readonly first: number;
  readonly last: number;
}

/** Reads the setting `dockerSubnet`. */
export function readSubnet(text: string): Subnet {
  const [address = "", length = "", ...rest] = text.split("/");
  const size = 2 ** (32 - Number(length));
  const base = toNumber(address);
  const isNetwork = isIPv4(address) && /^[1-9]\d?$/.test(length) && rest.length === 0 && base % size === 0;
  if (!isNetwork || Number(length) < 8 || Number(length) > 28) {
    throw new InvalidInput(
      "dockerSubnet",
      `expected a network such as 10.77.0.0/24, got ${JSON.stringify(text)}`,
    );
  }
  return { text, base, first: base + FIRST_HOST, last: base + size - 2 };
}

/** Whether a value is an address in the range for hosts. */
export function isWithin({ first, last }: Subnet, value: unknown): value is string {
  return typeof value === "string" && isIPv4(value) && toNumber(value) >= first && toNumber(value) <= last;
}

/** What is expected of an address that is not in the range for hosts. */
export function expectedIn({ first, last }: Subnet): string {
  return `expected an address from ${toText(first)} to ${toText(last)}`;
}

/** The gateway that Docker would choose itself. */
export function gatewayOf(subnet: string): string {
  return toText(readSubnet(subnet).base + 1);
}

/** Whether two IPv4 networks have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [rangeOf(one), rangeOf(other)];
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

function rangeOf(network: string): { base: number; size: number } {
  const [address = "", length] = network.split("/");
  const size = 2 ** (32 - Number(length ?? 32));
  return { base: Math.floor(toNumber(address) / size) * size, size };
}

/** An IPv4 address as a number. */
export function toNumber(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

/** A number as an IPv4 address. */
export function toText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

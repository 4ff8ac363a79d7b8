import { networkInterfaces } from "node:os";
import type { TestContext } from "vitest";

const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);

/** An IPv4 address of this machine other than loopback, if there is one. */
export const EXTERNAL_ADDRESS = addresses.find(
  ({ family, internal }) => family === "IPv4" && !internal,
)?.address;

// A container often cannot talk to itself over IPv6.
const HAS_IPV6 = addresses.some(({ address }) => address === "::1");

/** Skips a test that needs IPv6 for one of these addresses if there is none. */
export function skipWithoutIPv6(context: TestContext, ...needed: readonly string[]): void {
  context.skip(!HAS_IPV6 && needed.some((address) => address.includes(":")), "this machine has no IPv6");
}

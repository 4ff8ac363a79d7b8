import { InvalidInput } from "#rollout/common/errors.ts";
import { expectedIn, isWithin, type Subnet, toNumber, toText } from "./subnet.ts";

type Entry = Readonly<Record<string, unknown>>;

/**
 * Gives each host a second slot, unless its `secondPort` is 0. The address is `secondAddress`, else the mirror image of
 * the first one in the range for hosts, so that it doesn't depend on other hosts, else the last one that is free.
 */
export function withSecondSlots(hosts: readonly unknown[], subnet: Subnet): object[] {
  const entries = hosts.map((host): Entry => ({ ...Object(host) }));
  refuseWrong(entries, subnet);
  const taken = new Set(entries.flatMap(({ address, secondAddress }) => [address, secondAddress]));
  const take = (address: string | undefined) => {
    if (address === undefined || taken.has(address)) return undefined;
    taken.add(address);
    return address;
  };
  // Those come first that keep their address whichever hosts are added.
  const mirrors = entries.map((entry) => {
    if (entry.secondAddress !== undefined) return entry.secondAddress;
    return hasSecond(entry, subnet) ? take(mirrorOf(entry.address, subnet)) : undefined;
  });
  return entries.map(({ secondAddress: _, secondPort, ...entry }, index) => {
    if (!hasSecond({ ...entry, secondPort }, subnet)) return entry;
    const address = mirrors[index] ?? take(lastFree(taken, subnet));
    if (address === undefined) return entry;
    const { port, healthPort } = entry;
    const second = { address, port: secondPort ?? port, ...(healthPort !== undefined && { healthPort }) };
    return { ...entry, second };
  });
}

/** The schema rejects a host without a valid address. */
function hasSecond({ address, secondPort }: Entry, subnet: Subnet): boolean {
  return secondPort !== 0 && isWithin(subnet, address);
}

function mirrorOf(address: unknown, { first, last }: Subnet): string {
  return toText(first + last - toNumber(String(address)));
}

function lastFree(taken: ReadonlySet<unknown>, { first, last }: Subnet): string | undefined {
  for (let address = last; address >= first; address--) {
    if (!taken.has(toText(address))) return toText(address);
  }
  return undefined;
}

function refuseWrong(entries: readonly Entry[], subnet: Subnet): void {
  for (const [index, { secondAddress: own }] of entries.entries()) {
    if (own === undefined) continue;
    const refuse = (reason: string) => new InvalidInput(`hosts[${index}].secondAddress`, reason);
    if (!isWithin(subnet, own)) throw refuse(`${expectedIn(subnet)}, got ${JSON.stringify(own)}`);
    const twin = entries.findIndex(
      ({ address, secondAddress }, other) => address === own || (secondAddress === own && other < index),
    );
    if (twin >= 0) throw refuse(`expected a unique address, got ${own} as in hosts[${twin}]`);
  }
}

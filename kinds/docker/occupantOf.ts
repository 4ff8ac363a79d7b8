import type Docker from "dockerode";

/** The container that has an address in a network now; one that does not run has none. */
export function occupantOf({ Containers }: Docker.NetworkInspectInfo, address: string): string | undefined {
  const occupants = Object.values(Containers ?? {});
  return occupants.find(({ IPv4Address }) => IPv4Address.split("/")[0] === address)?.Name;
}

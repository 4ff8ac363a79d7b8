import { isDeepStrictEqual } from "node:util";
import { type HostPlace, type ProxyPlace, portsOf } from "./places.ts";

interface Places {
  readonly hosts: readonly HostPlace[];
  readonly proxies: readonly ProxyPlace[];
}

/** Rejects two nginx in one place, and one that shares a port of its machine with another nginx or with a host. */
export function refuseSharedPlaces(
  { hosts, proxies }: Places,
  machineOf: (place: HostPlace | ProxyPlace) => unknown,
  refuse: (path: (string | number)[], message: string) => void,
) {
  proxies.forEach((proxy, index) => {
    const machine = machineOf(proxy);
    const before = proxies.slice(0, index);
    const twin = before.findIndex((other) => isDeepStrictEqual(wayTo(other), wayTo(proxy)));
    if (twin >= 0)
      refuse(["proxies", index], `expected another nginx, got the one of proxies[${twin}] again`);
    const neighbour = before.findIndex((other) => other.port === proxy.port && machineOf(other) === machine);
    if (twin < 0 && neighbour >= 0)
      refuse(
        ["proxies", index, "port"],
        `expected a unique port, got ${proxy.port} as in proxies[${neighbour}]`,
      );
    const clash = hosts.find((host) => portsOf(host).includes(proxy.port) && machineOf(host) === machine);
    if (clash)
      refuse(
        ["proxies", index, "port"],
        `expected a unique port, got ${proxy.port}, the port of ${clash.name}`,
      );
  });
}

/** All that says which nginx it is, on which machine. */
function wayTo({ address: _, port: __, ...way }: ProxyPlace): object {
  return way;
}

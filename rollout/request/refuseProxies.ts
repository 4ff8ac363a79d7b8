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
    for (const { key, port } of portsOfNginx(proxy)) {
      const isShared = (other: ProxyPlace) =>
        machineOf(other) === machine && portsOfNginx(other).some((its) => its.port === port);
      const neighbour = before.findIndex(isShared);
      if (twin < 0 && neighbour >= 0)
        refuse(["proxies", index, key], `expected a unique port, got ${port} as in proxies[${neighbour}]`);
      const clash = hosts.find((host) => portsOf(host).includes(port) && machineOf(host) === machine);
      if (clash)
        refuse(["proxies", index, key], `expected a unique port, got ${port}, the port of ${clash.name}`);
    }
    if (proxy.tlsPort === proxy.port) {
      refuse(["proxies", index, "tlsPort"], `expected another port than the one for HTTP, got ${proxy.port}`);
    }
  });
}

const PORTS = ["port", "tlsPort", "controlPort"];

/** The ports that an nginx occupies on its machine. */
function portsOfNginx(proxy: ProxyPlace): { readonly key: string; readonly port: number }[] {
  return PORTS.flatMap((key) => {
    const port: unknown = Reflect.get(proxy, key);
    return typeof port === "number" ? [{ key, port }] : [];
  });
}

/** All that says which nginx it is, on which machine. */
function wayTo(proxy: ProxyPlace): object {
  const how = Object.entries(proxy).filter(([key]) => !["address", "serverName", ...PORTS].includes(key));
  return Object.fromEntries(how);
}

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
    const isTwin = before.some((other) => isDeepStrictEqual(wayTo(other), wayTo(proxy)));
    if (isTwin) refuse(["proxies", index], "expected another nginx, got the same one again");
    const own = portsOfNginx(proxy);
    for (const [position, { key, port }] of own.entries()) {
      if (key !== "tlsPort" && own.slice(0, position).some((other) => other.port === port))
        refuse(["proxies", index, key], `expected a unique port, got ${port}, another port of this nginx`);
      const isShared = (other: ProxyPlace) =>
        machineOf(other) === machine && portsOfNginx(other).some((its) => its.port === port);
      if (!isTwin && before.some(isShared))
        refuse(["proxies", index, key], `expected a unique port, got ${port}, a port of another nginx`);
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

import { endpoint } from "../machine/connections.ts";
import type { Canary } from "./canary.ts";
import { ofHost } from "./hostOptions.ts";
import type { LaunchOptions } from "./launch.ts";
import type { HostPlace } from "./places.ts";
import { type ReservedValue, reservedArguments, reservedJvmOptions, reservedVariables } from "./reserved.ts";

type Refuse = (path: (string | number)[], message: string) => void;

interface OwnOptions extends LaunchOptions {
  readonly hosts: readonly HostPlace[];
}

/** Rejects options that rollgate itself passes to applications. */
export function refuseReserved(
  { launch, environment, hosts, hostLaunch = {}, hostEnvironment = {} }: OwnOptions,
  refuse: Refuse,
) {
  const refuseAll = (values: readonly ReservedValue[], path: (string | number)[]) => {
    for (const { key, message } of values) refuse([...path, key], message);
  };
  refuseAll(reservedArguments(launch.arguments), ["launch", "arguments"]);
  refuseAll(reservedJvmOptions(launch.jvmOptions), ["launch", "jvmOptions"]);
  refuseAll(reservedVariables(environment), ["environment"]);
  hosts.forEach(({ name }, index) => {
    const own = ofHost(hostLaunch, name) ?? {};
    refuseAll(reservedArguments(own.arguments ?? []), ["hosts", index, "arguments"]);
    refuseAll(reservedJvmOptions(own.jvmOptions ?? []), ["hosts", index, "jvmOptions"]);
    refuseAll(reservedVariables(ofHost(hostEnvironment, name) ?? {}), ["hosts", index, "environment"]);
  });
}

/** Rejects options of unknown hosts. */
export function refuseUnknownHosts(
  { hosts, hostLaunch = {}, hostEnvironment = {} }: OwnOptions,
  refuse: Refuse,
) {
  for (const [key, options] of Object.entries({ hostLaunch, hostEnvironment })) {
    for (const name of Object.keys(options)) {
      if (!hosts.some((host) => host.name === name)) refuse([key, name], "expected the name of a host");
    }
  }
}

/** Rejects canaries that are no hosts, or that leave no other host. */
export function refuseCanaries(
  { hosts, canary }: { readonly hosts: readonly HostPlace[]; readonly canary?: Pick<Canary, "hosts"> },
  refuse: Refuse,
) {
  canary?.hosts.forEach((name, index) => {
    if (!hosts.some((host) => host.name === name))
      refuse(["canary", "hosts", index], `expected the name of a host, got ${name}`);
  });
  if (canary && hosts.every(({ name }) => canary.hosts.includes(name)))
    refuse(["canary", "hosts"], "expected some of the hosts, got all of them: set jar instead");
}

/** Rejects two hosts with the same name or address. */
export function refuseDuplicates(hosts: readonly HostPlace[], refuse: Refuse) {
  // Which host was the first with it.
  const names = new Map<string, number>();
  const endpoints = new Map<string, number>();
  hosts.forEach((host, index) => {
    const namesake = names.get(host.name);
    if (namesake === undefined) names.set(host.name, index);
    else
      refuse(["hosts", index, "name"], `expected a unique name, got ${host.name} as in hosts[${namesake}]`);
    const all = endpointsOf(host);
    const first = all.filter(({ path }) => path[0] !== "second").map(({ own }) => own);
    for (const { path, own } of all) {
      // The second slot must not have an endpoint of its own host's first one either.
      const isOfFirst = path[0] === "second" && first.includes(own);
      const neighbour = endpoints.get(own) ?? (isOfFirst ? index : undefined);
      if (neighbour === undefined) continue;
      refuse(
        ["hosts", index, ...path],
        `expected a unique address and port, got ${own} as in hosts[${neighbour}]`,
      );
    }
    for (const { own } of all) if (!endpoints.has(own)) endpoints.set(own, index);
  });
}

function endpointsOf({ second, ...first }: HostPlace): { path: string[]; own: string }[] {
  const of = (slot: Omit<HostPlace, "kind" | "name" | "second">, path: string[]) =>
    (["port", "healthPort"] as const).flatMap((key) => {
      const port = slot[key];
      return port === undefined ? [] : [{ path: [...path, key], own: endpoint(slot.address, port) }];
    });
  return [...of(first, []), ...(second ? of(second, ["second"]) : [])];
}

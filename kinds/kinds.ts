import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { show } from "#rollout/request/fields.ts";
import { portsOf } from "#rollout/request/places.ts";
import { hostsOf, rollRequest } from "#rollout/request/rollRequest.ts";
import { docker } from "./docker/docker.ts";
import type { Kind } from "./kind.ts";
import { local } from "./local/local.ts";
import { ssh } from "./ssh/ssh.ts";

const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>(Object.entries({ local, docker, ssh }));

/** An app host: where it is, and where its releases live. */
export const hostDescriptor = z.discriminatedUnion("kind", [local.host, docker.host, ssh.host], {
  error: (issue) => expectedKind(show(Object(issue.input).kind)),
});
export type HostDescriptor = z.infer<typeof hostDescriptor>;

/** The nginx in front of the hosts. */
export const proxyDescriptor = z.discriminatedUnion("kind", [local.proxy, docker.proxy, ssh.proxy], {
  error: (issue) => expectedKind(show(Object(issue.input).kind)),
});
export type ProxyDescriptor = z.infer<typeof proxyDescriptor>;

/** A roll request over hosts and an nginx of the kinds that there are. */
export const kindRequest = rollRequest
  .safeExtend({ hosts: hostsOf(hostDescriptor), proxy: proxyDescriptor })
  .superRefine(({ hosts, proxy }, context) => {
    const machine = kindNamed(proxy.kind).machineOf(proxy);
    const clash = hosts.find(
      (host) => portsOf(host).includes(proxy.port) && kindNamed(host.kind).machineOf(host) === machine,
    );
    if (!clash) return;
    const message = `expected a unique port, got ${proxy.port}, the port of ${clash.name}`;
    context.addIssue({ code: "custom", path: ["proxy", "port"], message });
  });
export type KindRequest = z.infer<typeof kindRequest>;

/** The kind that settings and requests know by this name. */
export function kindNamed(name: string): Kind {
  const kind = KINDS.get(name);
  if (kind) return kind;
  throw new InvalidInput("kind", expectedKind(name));
}

function expectedKind(got: string): string {
  const names = [...KINDS.keys()];
  return `expected ${names.slice(0, -1).join(", ")} or ${names.at(-1)}, got ${got}`;
}

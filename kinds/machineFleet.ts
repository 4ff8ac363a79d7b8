import pLimit from "p-limit";
import { type HostParts, MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import { boundedNginx } from "#rollout/machine/bounded.ts";
import type { GroupedNginxAccess } from "#rollout/nginx/nginxAccess.ts";
import { NginxGroup } from "#rollout/nginx/nginxGroup.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import type { FleetRequest, OpenFleet } from "./kind.ts";

const UPLOADS_AT_ONCE = 4;

type OpenAccess = GroupedNginxAccess & { close(): Promise<void> };

/** Hosts and the nginx in front of them, opened by a kind. */
export interface FleetParts {
  readonly hosts: readonly HostParts[];
  readonly nginx: readonly [OpenAccess, ...OpenAccess[]];
  /** Stored next to the first nginx, since a fleet has exactly one. */
  readonly leases: LeaseStore;
  /** Closes what hosts and nginx share. */
  close?(): Promise<void>;
}

/** The fleet of a kind, ready to be rolled. */
export function machineFleet(
  request: FleetRequest,
  { nginx, leases, close, ...parts }: FleetParts,
): OpenFleet {
  const policy = {
    health: request.health,
    uploads: pLimit(UPLOADS_AT_ONCE),
    startupCache: request.startupCache === "auto",
  };
  const hosts = parts.hosts.map(
    (part) =>
      new MachineAppHost(
        { ...part, ...zoneOf(request, part.place.name) },
        { ...policy, ...launchOf(request, part.place.name) },
      ),
  );
  return {
    hosts,
    proxy: groupOf(nginx),
    leases,
    close: async () => {
      await Promise.all([...nginx, ...hosts].map((each) => each.close())).finally(close);
    },
  };
}

function zoneOf({ hosts }: FleetRequest, name: string): { readonly zone?: string } {
  const zone = hosts.find((host) => host.name === name)?.zone;
  return zone === undefined ? {} : { zone };
}

function groupOf([first, ...others]: FleetParts["nginx"]): NginxGroup {
  const one = (access: OpenAccess) => boundedNginx(new NginxProxy(access));
  return new NginxGroup([one(first), ...others.map(one)]);
}

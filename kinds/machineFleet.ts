import pLimit from "p-limit";
import { type HostParts, MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import type { NginxAccess } from "#rollout/nginx/nginxAccess.ts";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { launchOf } from "#rollout/request/hostOptions.ts";
import type { FleetRequest, OpenFleet } from "./kind.ts";

const UPLOADS_AT_ONCE = 4;

/** Hosts and the nginx in front of them, opened by a kind. */
export interface FleetParts {
  readonly hosts: readonly HostParts[];
  readonly nginx: NginxAccess & { close(): Promise<void> };
  /** Stored next to nginx, since a fleet has exactly one. */
  readonly leases: LeaseStore;
  /** Closes what hosts and nginx share. */
  close?(): Promise<void>;
}

/** The fleet of a kind, ready to be rolled. */
export function machineFleet(
  request: FleetRequest,
  { nginx, leases, close, ...parts }: FleetParts,
): OpenFleet {
  const policy = { health: request.health, uploads: pLimit(UPLOADS_AT_ONCE) };
  const hosts = parts.hosts.map(
    (part) =>
      new MachineAppHost(
        { ...part, ...zoneOf(request, part.place.name) },
        { ...policy, ...launchOf(request, part.place.name) },
      ),
  );
  return {
    hosts,
    proxy: new NginxProxy(nginx),
    leases,
    close: async () => {
      await Promise.all([nginx.close(), ...hosts.map((host) => host.close())]).finally(close);
    },
  };
}

function zoneOf({ hosts }: FleetRequest, name: string): { readonly zone?: string } {
  const zone = hosts.find((host) => host.name === name)?.zone;
  return zone === undefined ? {} : { zone };
}

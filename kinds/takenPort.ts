import { InvalidInput } from "#rollout/common/errors.ts";
import type { PortOwner } from "#rollout/host/appHost.ts";
import type { HostPlace } from "#rollout/request/places.ts";

export const NOBODY: PortOwner = { kind: "nobody" };

/** Why a host can't have its ports: a removed host frees its port only at the end of an update, so a renamed one would never get it. */
export function takenPort(owner: PortOwner, { port }: Pick<HostPlace, "port">): InvalidInput | undefined {
  if (owner.kind !== "other") return undefined;
  return new InvalidInput(
    owner.port === undefined ? "port" : "healthPort",
    `${owner.port ?? port} is taken by ${owner.name}: if this host replaces another one, remove that one, run pulumi up, then add this one`,
  );
}

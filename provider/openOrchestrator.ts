import type { FleetRequest, MachineKind, OpenFleet } from "#kinds/kind.ts";
import { kinds as everyKind, type Kinds } from "#kinds/kinds.ts";
import type { Orchestrator } from "#kinds/orchestrator.ts";
import { boundedHost, boundedLeases } from "#rollout/machine/bounded.ts";
import { findKeptRelease } from "#rollout/release/keptRelease.ts";
import { survey } from "./survey.ts";

/** Opens the orchestrator for the hosts of a request, which are all of one kind. */
export async function openOrchestrator(
  request: FleetRequest,
  kinds: Kinds = everyKind,
): Promise<Orchestrator> {
  const kind = kinds.named(request.proxies[0].kind);
  if ("openOrchestrator" in kind) return kind.openOrchestrator(request);
  const fleet = await openFleet(request, kind);
  return {
    // What an update with nothing to do does not need is loaded when it is called.
    roll: async (desired, policy, options) =>
      (await import("#rollout/roll/roll.ts")).roll(fleet, desired, policy, options),
    survey: (known) => survey(fleet, known),
    plan: async (planned, before) => (await import("./plan.ts")).plan(fleet, planned, before),
    findRelease: (name) => findKeptRelease(name, fleet.hosts),
    close: () => fleet.close(),
  };
}

/** Opens a fleet with deadlines on every call. */
export async function openFleet(
  request: FleetRequest,
  kind: Pick<MachineKind, "openFleet">,
): Promise<OpenFleet> {
  const { hosts, leases, ...rest } = await kind.openFleet(request);
  return {
    ...rest,
    hosts: hosts.map(boundedHost),
    leases: boundedLeases(leases),
  };
}

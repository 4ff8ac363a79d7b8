import type { FleetMember } from "./fleet.ts";

/** `1.1.0-3fa9c1d2e4b5`, and what keeps the host from serving it. */
export function describeMember(member: FleetMember): string {
  const { host, state, unreachable } = member;
  if (unreachable !== undefined) return "unreachable";
  if (state.running === undefined) return state.current ? `${state.current}, not running` : "no release";
  const remarks = [
    describeTraffic(member),
    state.running.launch === host.launch ? "" : "started with other options",
    describeSpare(member),
  ];
  return [state.running.release, ...remarks.filter(Boolean)].join(", ");
}

function describeTraffic({ health, drained, drainedBy, serving }: FleetMember): string {
  if (drained) return "drained";
  if (serving) return "";
  if (!health.up) return "unhealthy";
  return drainedBy ? `drained by ${nginxAt(drainedBy)} alone` : "down in nginx";
}

function describeSpare({ spare }: FleetMember): string {
  if (spare?.running) return `${spare.running.release} still runs beside it`;
  if (!spare || spare.drained) return "";
  const by = spare.drainedBy ? `, which ${nginxAt(spare.drainedBy)} alone drains` : "";
  return `requests may go to its empty slot ${spare.slot.name}${by}`;
}

function nginxAt(urls: readonly string[]): string {
  return `nginx at ${urls.join(" and ")}`;
}

/** Why a host does not serve, in a few words. */
export function describeTrouble(member: FleetMember): string {
  const { unreachable, health } = member;
  return `${describeMember(member)}: ${unreachable ?? health.detail}`;
}

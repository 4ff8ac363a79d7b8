import { describeMember } from "./describeMember.ts";
import type { FleetMember } from "./fleet.ts";

/** What a look found at one host, for people. */
export interface FoundHost {
  readonly name: string;
  /** What it runs, or why that is unknown. */
  readonly description: string;
  /** A roll takes hosts with a lower one first. */
  readonly turn: number;
}

/** Tells what a host was found to run. */
export function foundHost(member: FleetMember): FoundHost {
  const { host, unreachable, serving } = member;
  if (unreachable !== undefined) return unknownHost(host.name, unreachable);
  return { name: host.name, description: describeMember(member), turn: serving ? 1 : 0 };
}

/** A host that could not be looked at. */
export function unknownHost(name: string, why: string): FoundHost {
  return { name, description: `unknown, ${why}`, turn: 2 };
}

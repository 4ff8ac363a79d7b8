import { stat } from "node:fs/promises";
import { digits } from "../common/digits.ts";
import type { FleetMember } from "./fleet.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

const KIBIBYTE = 1024;

/** Why a roll would be refused now, a line for each host that can't take part: it can't be reached, or its disk is full. */
export async function obstaclesTo(
  desired: DesiredRelease,
  members: readonly FleetMember[],
): Promise<string[]> {
  const lines = await Promise.all(
    members.map((member) => unreachable(member) ?? shortOfSpace(desired, member)),
  );
  return lines.flatMap((line) => line ?? []);
}

function unreachable({ host: { name }, unreachable: why }: FleetMember): string | undefined {
  if (why === undefined) return undefined;
  // Hosts say themselves what they could not do.
  const reason = why.startsWith(`${name} cannot `) ? why.slice(why.indexOf(": ") + 2) : why;
  return `${name} can't be reached: ${reason}`;
}

/** As staging does, which would be refused before any host is touched. */
async function shortOfSpace(desired: DesiredRelease, { host, state }: FleetMember) {
  const { release, jar } = targetOf(desired, host.name);
  const { roomBytes, releases } = state;
  if (!jar || roomBytes === undefined || releases.includes(release)) return undefined;
  const { size } = await stat(jar.path).catch(() => ({ size: 0 }));
  if (size - roomBytes < KIBIBYTE) return undefined;
  const [free, needed] = [roomBytes, size].map((bytes) => digits(Math.floor(bytes / KIBIBYTE)));
  return `${host.name} has no room for ${release}: ${free} KiB are free, ${needed} KiB are needed`;
}

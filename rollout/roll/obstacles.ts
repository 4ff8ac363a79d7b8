import { stat } from "node:fs/promises";
import { digits } from "../common/digits.ts";
import { messageOf } from "../common/errors.ts";
import { groupBy } from "../common/groupBy.ts";
import { shortened } from "../common/shortened.ts";
import type { DiskRoom } from "../host/appHost.ts";
import { portTaken } from "../host/hostProblems.ts";
import { describeTrouble } from "./describeMember.ts";
import type { FleetMember } from "./fleet.ts";
import { listHosts } from "./listHosts.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

const KIBIBYTE = 1024;

/**
 * Why a roll would be refused now, a line each: hosts that can't be reached, ports that somebody else has, and disks
 * without room for the release.
 */
export async function obstaclesTo(
  desired: DesiredRelease,
  members: readonly FleetMember[],
): Promise<string[]> {
  const unreachable = shortened(
    members.flatMap((member) => describeUnreachable(member) ?? []),
    { rest: " hosts can't be reached" },
  );
  const copies = await Promise.all(members.map((member) => copyFor(desired, member)));
  const byDisk = groupBy(
    copies.flatMap((copy) => copy ?? []),
    ({ disk }) => disk,
  );
  const ports = await Promise.all(members.map(describeTakenPort));
  return [
    ...unreachable,
    ...ports.flatMap((line) => line ?? []),
    ...[...byDisk.values()].flatMap((each) => describeShortage(each) ?? []),
  ];
}

/** That fewer hosts serve than should while another one is rolled; the roll begins with those that don't. */
export function describeTooFew(members: readonly FleetMember[], minimumHealthy: number): string | undefined {
  const serving = members.filter((member) => member.serving).length;
  // A host that never had a release is new.
  const failing = members.filter((member) => !member.serving && member.state.current !== undefined);
  // A fleet in which nobody serves has nothing to lose.
  if (serving === 0 || serving >= minimumHealthy || failing.length === 0) return undefined;
  const why = failing.map((member) => `${member.host.name} (${describeTrouble(member)})`);
  return `only ${serving} of ${serving + failing.length} hosts ${serving === 1 ? "serves" : "serve"}, and minimumHealthy is ${minimumHealthy}: ${listHosts(why)} ${failing.length === 1 ? "does" : "do"} not`;
}

function describeUnreachable({ host: { name }, unreachable: why }: FleetMember): string | undefined {
  if (why === undefined) return undefined;
  // Hosts say themselves what they could not do.
  const reason = why.startsWith(`${name} cannot `) ? why.slice(why.indexOf(": ") + 2) : why;
  return `${name} can't be reached: ${reason}`;
}

/** Whether somebody has the port of a host on which nothing runs. */
async function describeTakenPort({
  host,
  unreachable,
  state,
  spare,
}: FleetMember): Promise<string | undefined> {
  if (unreachable !== undefined || state.running || spare?.running) return undefined;
  const owner = await host.portOwner().catch(() => undefined);
  return owner?.kind === "other" ? messageOf(portTaken(host, owner.name, owner.port)) : undefined;
}

/** A jar that has to be copied to a host. */
interface Copy extends DiskRoom {
  readonly host: string;
  readonly release: string;
  readonly size: number;
}

async function copyFor(desired: DesiredRelease, { host, state }: FleetMember): Promise<Copy | undefined> {
  const { release, jar } = targetOf(desired, host.name);
  const { room, releases } = state;
  if (!jar || !room || releases.includes(release)) return undefined;
  const { size } = await stat(jar.path).catch(() => ({ size: 0 }));
  return { ...room, host: host.name, release, size };
}

/** As staging finds it, for copies to one disk. */
function describeShortage(copies: readonly Copy[]): string | undefined {
  const needed = copies.reduce((sum, { size, heldBytes }) => sum + size - heldBytes, 0);
  const free = Math.min(...copies.map(({ freeBytes }) => freeBytes));
  if (needed - free < KIBIBYTE) return undefined;
  const [hosts, releases] = [copies.map(({ host }) => host), new Set(copies.map(({ release }) => release))];
  const inKibibytes = (bytes: number) => `${digits(Math.floor(bytes / KIBIBYTE))} KiB are`;
  const have = hosts.length > 1 ? "share a disk that has" : "has";
  return `${listHosts(hosts)} ${have} no room for ${listHosts([...releases])}: ${inKibibytes(free)} free, ${inKibibytes(needed)} needed`;
}

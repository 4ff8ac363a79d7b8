import { counted } from "../common/counted.ts";
import { digits } from "../common/digits.ts";
import { messageOf } from "../common/errors.ts";
import type { AppHost } from "../host/appHost.ts";
import { batchSize } from "../request/batch.ts";
import { decideStep } from "./decideStep.ts";
import type { FleetMember } from "./fleet.ts";
import { isLarge } from "./largeFleet.ts";
import { listHosts } from "./listHosts.ts";
import type { Orders } from "./order.ts";
import type { RollPolicy } from "./rollContext.ts";
import { settled } from "./settled.ts";
import { type DesiredRelease, targetOf } from "./targets.ts";

/** Of more batches than this, only the largest size is told. */
const TOLD_SIZES = 5;

/** What a roll would do now. */
export interface Forecast {
  /** The names of the hosts that would be rolled side by side, batch by batch. */
  readonly batches: readonly (readonly string[])[];
  /** What would keep it from going on after them. */
  readonly obstacle?: string;
}

/** Takes the decisions of a roll ahead, as if each host passed its gates. */
export function foresee(
  fleet: readonly FleetMember[],
  desired: DesiredRelease,
  { batch, minimumHealthy }: Pick<RollPolicy, "batch" | "minimumHealthy">,
  orders: Pick<Orders, "startsFirst">,
): Forecast {
  const releaseOf = ({ name }: AppHost) => targetOf(desired, name).release;
  const revisionOf = (host: AppHost) => ({ release: releaseOf(host), launch: host.launch });
  const turns = new Map<AppHost, number>();
  const batches: string[][] = [];
  let members = fleet;
  for (;;) {
    const step = decideStep(members, {
      releaseOf,
      minimumHealthy,
      turns,
      batchSize: batchSize(batch, batches.length, fleet.length),
      startsFirst: (member) => orders.startsFirst(member),
    });
    if (step.kind === "finish") return { batches };
    if (step.kind !== "roll") {
      return { batches, obstacle: messageOf(step.kind === "wait" ? step.otherwise : step.error) };
    }
    batches.push(step.members.map(({ host }) => host.name));
    for (const { host } of step.members) turns.set(host, (turns.get(host) ?? 0) + 1);
    members = members.map((member) =>
      step.members.includes(member) ? settled(member, revisionOf(member.host)) : member,
    );
  }
}

/**
 * `app-1, then app-2 and app-3 side by side`, and what would stop it. Of a large fleet: `200 hosts in 4 batches of 50, 50, 50, and
 * 50: app-1, app-2, app-3, app-4, app-5, and 45 more side by side, then 3 more batches`.
 */
export function describeForecast({ batches, obstacle }: Forecast): string {
  const hosts = inShort(batches);
  if (obstacle === undefined) return hosts.join(", then ");
  return `${[...hosts, "it would stop"].join(", then ")}: ${obstacle}`;
}

function inShort(batches: readonly (readonly string[])[]): string[] {
  const all = batches.map((names) => `${listHosts(names)}${names.length > 1 ? " side by side" : ""}`);
  const hosts = batches.reduce((sum, { length }) => sum + length, 0);
  const [first] = all;
  if (!isLarge(hosts) || first === undefined) return all;
  const sizes = batches.map(({ length }) => length);
  const each =
    sizes.length > TOLD_SIZES
      ? `at most ${digits(Math.max(...sizes))}`
      : new Intl.ListFormat("en").format(sizes.map(digits));
  const head = `${counted(hosts, "host")} in ${counted(batches.length, "batch", "batches")} of ${each}: ${first}`;
  return batches.length > 1 ? [head, `${counted(batches.length - 1, "more batch", "more batches")}`] : [head];
}

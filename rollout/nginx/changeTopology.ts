import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { RollgateError } from "../common/errors.ts";
import { inOrder } from "../common/inOrder.ts";
import { poll } from "../common/poll.ts";
import type { HostPlace } from "../host/hostPlace.ts";
import { judge } from "../host/probe.ts";
import { slotsOf, type TwoSlots } from "../host/slots.ts";
import type { NginxAccess } from "./nginxAccess.ts";

/** The hosts before and after a change of the configuration. */
export interface TopologyChange {
  readonly before: readonly TwoSlots[];
  readonly after: readonly TwoSlots[];
  readonly access: NginxAccess;
  readonly running: boolean;
  readonly settleSeconds: number;
}

/** What tells whether a host serves. */
export type Answering = Pick<NginxAccess, "isFlagged" | "get">;

const FLAG_MILLISECONDS = 50;
const FLAGS_AT_ONCE = 8;
const SETTLE_POLL_MILLISECONDS = 50;
const ANSWER_MILLISECONDS = 6_000;
const REFUSED_MILLISECONDS = 1_500;

/**
 * Applies a configuration in which hosts or slots are added, removed or moved. An added or moved slot starts drained;
 * the rollout admits it once a release has passed its gates there. A removed or moved slot is drained and settles first,
 * but only if a slot that stays is healthy. If `apply` fails, the previous drains are restored.
 */
export async function changeTopology(change: TopologyChange, apply: () => Promise<void>): Promise<void> {
  const { access, running } = change;
  const { coming, leaving } = slotsOfChange(change);
  const raised = new Set<string>();
  const raise = async ({ name }: HostPlace) => {
    if (await access.isFlagged(name)) return;
    raised.add(name);
    await access.raiseFlag(name);
  };
  try {
    if (running && leaving.length > 0) {
      const why = await outageOf(change);
      if (why !== undefined)
        throw new RollgateError("topology-outage", `hosts: ${why}. nginx was not changed.`);
      await ofEach(leaving, raise);
      await settle(await withoutDead(leaving, access), change);
    }
    await ofEach(coming, raise);
    await apply();
  } catch (error) {
    await ofEach([...raised], (name) => access.lowerFlag(name));
    throw error;
  }
  const gone = leaving.filter(({ name }) => !coming.some((slot) => slot.name === name));
  await ofEach(gone, ({ name }) => access.lowerFlag(name));
}

/** A few at the same time, since each may cost a round trip; waits for all of them, even if one fails. */
async function ofEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const limit = pLimit(FLAGS_AT_ONCE);
  await inOrder(...items.map((item) => limit(() => work(item))));
}

/** Why nobody would be left to serve until a roll has started the hosts that are new, or `undefined`. */
export async function outageOf({
  access,
  ...change
}: Pick<TopologyChange, "before" | "after"> & { readonly access: Answering }): Promise<string | undefined> {
  const { leaving, staying } = slotsOfChange(change);
  if (!(await anyServes(leaving, access))) return undefined;
  if (await anyServes(staying, access)) return undefined;
  const hosts = change.before.filter((host) => slotsOf(host).some((slot) => isIn(staying, slot)));
  const others = hosts.filter((host) => slotsOf(host).some((slot) => isIn(leaving, slot)));
  const names = (of: readonly TwoSlots[]) => of.map(({ name }) => name).join(", ");
  const hint = others.length > 0 ? `, or roll first, which moves ${names(others)} to the other slot` : "";
  return `expected at least one healthy host that stays where it is, got ${hosts.length > 0 ? `${names(hosts)}, not healthy` : "none"}: change or remove hosts one at a time${hint}`;
}

async function anyServes(slots: readonly HostPlace[], access: Answering): Promise<boolean> {
  for (const { name } of slots) {
    if (await access.isFlagged(name)) continue;
    const answer = await access
      .get(`/rollgate/health/${name}`, AbortSignal.timeout(5_000))
      .catch(() => undefined);
    if (answer && judge(answer.statusCode, Buffer.from(answer.body).toString("utf8")).up) return true;
  }
  return false;
}

/** A slot that accepts no connections has no requests to finish. */
async function withoutDead(slots: readonly HostPlace[], access: NginxAccess): Promise<HostPlace[]> {
  const taken = await Promise.all(slots.map((slot) => takesConnections(slot, access)));
  return slots.filter((_, index) => taken[index]);
}

/**
 * Only an immediately refused connection proves that a host is dead: one that hangs may have a full backlog, and a
 * separate health port says nothing about the application's own requests.
 */
async function takesConnections(
  { name, port, healthPort = port }: HostPlace,
  access: NginxAccess,
): Promise<boolean> {
  if (healthPort !== port) return true;
  const began = performance.now();
  const answer = await access
    .get(`/rollgate/health/${name}`, AbortSignal.timeout(ANSWER_MILLISECONDS))
    .catch(() => undefined);
  return answer?.statusCode !== 502 || performance.now() - began > REFUSED_MILLISECONDS;
}

async function settle(
  leaving: readonly HostPlace[],
  { access, settleSeconds }: TopologyChange,
): Promise<void> {
  await sleep(FLAG_MILLISECONDS);
  for (const { name, address, port } of leaving) {
    const settled = await poll(async () => (await access.connectionsTo(address, port)) === 0 || undefined, {
      intervalMilliseconds: SETTLE_POLL_MILLISECONDS,
      deadlineMilliseconds: settleSeconds * 1000,
    });
    if (!settled) console.log(`${name} still has connections after ${settleSeconds} s; continuing anyway`);
  }
}

function slotsOfChange({ before, after }: Pick<TopologyChange, "before" | "after">) {
  const [old, next] = [before.flatMap(slotsOf), after.flatMap(slotsOf)];
  return {
    coming: next.filter((slot) => !isIn(old, slot)),
    leaving: old.filter((slot) => !isIn(next, slot)),
    staying: old.filter((slot) => isIn(next, slot)),
  };
}

function isIn(slots: readonly HostPlace[], { name, address, port }: HostPlace): boolean {
  return slots.some((slot) => slot.name === name && slot.address === address && slot.port === port);
}

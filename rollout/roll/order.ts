import { digits } from "../common/digits.ts";
import { messageOf, RollgateError } from "../common/errors.ts";
import type { AppHost, MemoryRoom, Slot } from "../host/appHost.ts";
import type { Order } from "../request/rollRequest.ts";
import type { FleetMember } from "./fleet.ts";

/** The order in which a host gets its new JVM, and why. */
interface OrderDecision {
  readonly startsFirst: boolean;
  readonly why: string;
  /** The same without figures, so that many hosts can be told together. */
  readonly inShort?: string;
  /** It was set, against what the host says. */
  readonly isDoubtful?: true;
}

/** Whether there is room for a second JVM, if that can be told. */
interface Room {
  readonly isEnough?: boolean;
  readonly why: string;
  readonly inShort?: string;
}

/** A JVM that has just started may grow beyond what the running one uses. */
const MARGIN = 1.25;
const MEGABYTE = 1024 * 1024;

/** The room in a slot that was empty, asked before it was known whether the other one serves. */
interface RoomAhead {
  readonly empty: Slot;
  readonly room: Promise<Room>;
}

/** Decides for one host that serves. Changes nothing, and never throws for a host that can't be asked. */
async function decideOrder(
  { spare, slot }: FleetMember,
  order: Order,
  ahead?: RoomAhead,
): Promise<OrderDecision> {
  if (order === "stop-first") return { startsFirst: false, why: "as set" };
  if (!spare) return { startsFirst: false, why: "it has no second slot" };
  const room = ahead?.empty === spare.slot ? ahead.room : lookForRoom(spare.slot, slot);
  const { isEnough, ...reason } = await room;
  if (order === "auto") return { startsFirst: isEnough === true, ...reason };
  if (isEnough !== false) return { startsFirst: true, why: "as set" };
  return { startsFirst: true, why: `as set, though there may be no room: ${reason.why}`, isDoubtful: true };
}

/** Whether a second JVM would fit into an empty slot, beside the one that runs in another. */
async function lookForRoom(empty: Slot, running: Slot): Promise<Room> {
  try {
    const [owner, memory] = await Promise.all([empty.portOwner(), running.memory()]);
    if (owner.kind === "other")
      return { isEnough: false, why: `port ${empty.port} is taken by ${owner.name}` };
    if (!memory) return { why: "how much memory is free can't be told" };
    const isEnough = fits(memory);
    const inShort = isEnough ? "it has room for a second JVM" : "it has no room for a second JVM";
    return { isEnough, why: describeMemory(memory), inShort };
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return { why: messageOf(error) };
  }
}

/** `start-first (2,048 MB free, the running JVM needs 310 MB)`. */
function describeOrder({ startsFirst, why }: OrderDecision): string {
  return `${startsFirst ? "start-first" : "stop-first"} (${why})`;
}

function fits({ availableBytes, neededBytes }: MemoryRoom): boolean {
  return availableBytes >= neededBytes * MARGIN;
}

function describeMemory({ availableBytes, neededBytes }: MemoryRoom): string {
  const megabytes = (bytes: number) => `${digits(Math.round(bytes / MEGABYTE))} MB`;
  return `${megabytes(availableBytes)} free, the running JVM needs ${megabytes(neededBytes)}`;
}

/** The decisions of one roll; a host keeps its order until the end. */
export class Orders {
  readonly #order: Order;
  readonly #decisions = new Map<AppHost, OrderDecision>();
  readonly #ahead = new Map<AppHost, RoomAhead>();

  constructor(order: Order) {
    this.#order = order;
  }

  /**
   * Asks a host that runs something in this slot, or is likely to, for its room while it is asked for its health, if that
   * matters: over SSH, each takes a round trip.
   */
  askAhead(host: AppHost, full: Slot): void {
    const { second } = host;
    if (this.#order === "stop-first" || !second || this.#decisions.has(host)) return;
    const empty = full === second ? host : second;
    if (this.#ahead.get(host)?.empty === empty) return;
    const room = lookForRoom(empty, full);
    // A bug is thrown to whoever decides by it.
    room.catch(() => {});
    this.#ahead.set(host, { empty, room });
  }

  /** Decides for hosts that serve, which has to be known before a batch is chosen. */
  async decide(members: readonly FleetMember[]): Promise<void> {
    const open = members.filter(({ host, serving }) => serving && !this.#decisions.has(host));
    await Promise.all(
      open.map(async (member) => {
        const { host } = member;
        this.#decisions.set(host, await decideOrder(member, this.#order, this.#ahead.get(host)));
      }),
    );
    // What was not needed would be out of date at the next look.
    this.#ahead.clear();
  }

  /** Whether a host keeps serving while it gets its new JVM. */
  startsFirst({ host, spare, serving }: FleetMember): boolean {
    return serving && spare !== undefined && this.#decisions.get(host)?.startsFirst === true;
  }

  /** Whether a host starts first because that is set, though it seems to have no room. */
  isDoubtful({ host }: FleetMember): boolean {
    return this.#decisions.get(host)?.isDoubtful === true;
  }

  /** What to tell about a host, and in short about one of many; nothing if it has no choice. */
  describe({ host, spare, serving }: FleetMember, isInShort = false): string | undefined {
    const decision = this.#decisions.get(host);
    if (!spare || !serving || !decision) return undefined;
    const { startsFirst, why, inShort = why } = decision;
    return describeOrder({ startsFirst, why: isInShort ? inShort : why });
  }
}

import { digits } from "../common/digits.ts";
import { messageOf, RollgateError } from "../common/errors.ts";
import type { AppHost, MemoryRoom } from "../host/appHost.ts";
import type { Order } from "../request/rollRequest.ts";
import type { FleetMember } from "./fleet.ts";

/** The order in which a host gets its new JVM, and why. */
export interface OrderDecision {
  readonly startsFirst: boolean;
  readonly why: string;
}

/** A JVM that has just started may grow beyond what the running one uses. */
const MARGIN = 1.25;
const MEGABYTE = 1024 * 1024;

/**
 * Decides between start-first and stop-first for one host; `auto` asks whether there is room for two JVMs. Changes
 * nothing and never throws for a host that can't be asked.
 */
export async function decideOrder(member: FleetMember, order: Order): Promise<OrderDecision> {
  if (order !== "auto") return { startsFirst: order === "start-first", why: "as set" };
  const stopFirst = (why: string) => ({ startsFirst: false, why });
  const { spare, serving, slot } = member;
  if (!spare) return stopFirst("it has no second slot");
  if (!serving) return stopFirst("it doesn't serve");
  try {
    const [owner, memory] = await Promise.all([spare.slot.portOwner(), slot.memory()]);
    if (owner.kind === "other") return stopFirst(`port ${spare.slot.port} is taken by ${owner.name}`);
    if (!memory) return stopFirst("how much memory is free can't be told");
    return { startsFirst: fits(memory), why: describeMemory(memory) };
  } catch (error) {
    if (!(error instanceof RollgateError)) throw error;
    return stopFirst(messageOf(error));
  }
}

/** `start-first (2,048 MB free, the running JVM needs 310 MB)`. */
export function describeOrder({ startsFirst, why }: OrderDecision): string {
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

  constructor(order: Order) {
    this.#order = order;
  }

  /** Decides for hosts that serve, which has to be known before a batch is chosen. */
  async decide(members: readonly FleetMember[]): Promise<void> {
    const open = members.filter(({ host, serving }) => serving && !this.#decisions.has(host));
    await Promise.all(
      open.map(async (member) => this.#decisions.set(member.host, await decideOrder(member, this.#order))),
    );
  }

  /** Whether a host keeps serving while it gets its new JVM. */
  startsFirst({ host, spare, serving }: FleetMember): boolean {
    return serving && spare !== undefined && this.#decisions.get(host)?.startsFirst === true;
  }

  /** What to tell about a host; nothing if it has no choice. */
  describe({ host, spare, serving }: FleetMember): string | undefined {
    const decision = this.#decisions.get(host);
    return spare && serving && decision ? describeOrder(decision) : undefined;
  }
}

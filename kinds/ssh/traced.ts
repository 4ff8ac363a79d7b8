import { channel } from "node:diagnostics_channel";

/** Something that costs round trips to a server. */
export interface Trip {
  readonly kind: "login" | "script" | "connection";
  readonly server: string;
  /** The script with its arguments, or the place connected to. */
  readonly what: string;
  /** In milliseconds since the epoch. */
  readonly began: number;
  readonly milliseconds: number;
}

/** For the bench, which lists what an update has to wait for. */
const trips = channel("rollgate:ssh");

/** Does some work; whoever subscribes is told of it at its end. */
export async function traced<T>(
  kind: Trip["kind"],
  server: string,
  what: () => string,
  work: () => Promise<T>,
): Promise<T> {
  if (!trips.hasSubscribers) return work();
  const began = performance.timeOrigin + performance.now();
  try {
    return await work();
  } finally {
    const milliseconds = performance.timeOrigin + performance.now() - began;
    trips.publish({ kind, server, what: what(), began, milliseconds } satisfies Trip);
  }
}

import pLimit from "p-limit";
import { RollgateError } from "../common/errors.ts";
import { chooseRoll } from "./chooseRoll.ts";
import { releaseBefore } from "./fleet.ts";
import type { HostRoll, HostRollOptions } from "./hostRoll.ts";
import { joinFailures } from "./hostRollFailed.ts";
import { TooFewPeers } from "./peers.ts";

/** A host that is about to be rolled. */
type Begun = Omit<HostRollOptions, "signal" | "before">;

/** What became of hosts that were rolled side by side. */
export interface Together {
  /** Those that run the revision now. */
  readonly done: readonly HostRoll[];
  /** Why the others don't, unless they take traffic as before for want of peers. */
  readonly failure?: unknown;
  /** What is still being done, unnoticed by clients, on those that run the revision; resolves to why that failed. */
  readonly ending?: Promise<unknown>;
}

/**
 * Rolls hosts side by side, at most `atOnce` of them. The first failure ends the batch: hosts whose old application
 * still runs take traffic with it again, and nothing more is started. `before` is the `ending` of hosts that came before:
 * if that fails, these go back before their first request.
 */
export async function rollTogether(
  hosts: readonly Begun[],
  atOnce: number,
  before: Promise<unknown> = Promise.resolve(),
): Promise<Together> {
  const batch = new AbortController();
  const ended = before.then((failure) => {
    if (failure !== undefined) batch.abort(new Error("a host that came before failed"));
  });
  const failures: unknown[] = [];
  const brought: HostRoll[] = [];
  const bring = async (options: Begun) => {
    const { context, member } = options;
    const signal = AbortSignal.any([context.signal, batch.signal]);
    if (signal.aborted) return;
    const order = context.orders.describe(member);
    if (order !== undefined) context.report("order", order, member.host);
    const roll = chooseRoll({ ...options, signal, before: ended }, context.orders.startsFirst(member));
    try {
      if (context.policy.hooks?.beforeHost?.length) await ended;
      await context.hooks?.beforeHost(member.host, releaseBefore(member));
      await context.classes?.provide(member.host, options.revision);
      signal.throwIfAborted();
      await roll.bring();
      brought.push(roll);
    } catch (error) {
      // Waits that were cut short throw an error of their own.
      const isOver = batch.signal.aborted && !(error instanceof RollgateError);
      if (isOver || error instanceof TooFewPeers) return;
      failures.push(error);
      if (!context.signal.aborted) batch.abort(new Error("another host of the batch failed"));
    }
  };
  const limit = pLimit(atOnce);
  await Promise.all(hosts.map((options) => limit(() => bring(options))));
  if (!batch.signal.aborted && failures.length === 0 && brought.every(({ endsUnnoticed }) => endsUnnoticed))
    return { done: brought, ending: commitAll(brought) };
  const done: HostRoll[] = [];
  await Promise.all(
    brought.map(async (roll) => {
      try {
        if (batch.signal.aborted && (await roll.undo())) return;
        if (!batch.signal.aborted) await roll.commit();
      } catch (error) {
        failures.push(error);
      }
      done.push(roll);
    }),
  );
  return failures.length > 0 ? { done, failure: joinFailures(failures) } : { done };
}

/** Resolves to what failed, if anything did. */
async function commitAll(rolls: readonly HostRoll[]): Promise<unknown> {
  const ends = await Promise.allSettled(rolls.map((roll) => roll.commit()));
  const failures = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  return failures.length > 0 ? joinFailures(failures) : undefined;
}

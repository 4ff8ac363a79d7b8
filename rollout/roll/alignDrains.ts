import { observeFleet } from "./observeFleet.ts";
import type { RollContext } from "./rollContext.ts";

/**
 * Gives all nginx the same drains before a roll, by what the hosts run: a healthy application that some nginx send
 * requests to gets them from all, and an empty slot gets none. Otherwise, a host that serves through one nginx only
 * would look like one that can be stopped at no cost. Returns whether there was anything to do.
 */
export async function alignDrains(context: RollContext): Promise<boolean> {
  const { proxy, report, assertHeld } = context;
  if (proxy.isOne || (await proxy.drained(context.signal)).partly.size === 0) return false;
  for (const { host, slot, state, health, drainedBy, spare } of await observeFleet(context)) {
    if (drainedBy && state.running && health.up) {
      await assertHeld();
      await proxy.admit(slot);
      report("admit", `takes traffic through nginx at ${drainedBy.join(" and ")} again`, host);
    }
    if (spare?.drainedBy && !spare.running) {
      await assertHeld();
      await proxy.drain(spare.slot);
      report("drain", `no new requests for its empty slot ${spare.slot.name}`, host);
    }
  }
  return true;
}

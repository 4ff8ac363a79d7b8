import { CommandFailed, type Machine } from "../machine/machine.ts";
import { readScripts } from "../machine/scripts.ts";
import { type LeaseGuard, LeaseLost } from "./lease.ts";
import { readNewest } from "./machineLeaseStore.ts";

const LOST = 46;
const GUARD = readScripts(new URL("./scripts/", import.meta.url), "newest", "guard");

/**
 * Runs a script on the machine of a lease, provided that it is held still: one question less, and nobody can take it over
 * between the two. Throws `LeaseLost`.
 */
export async function runGuarded(
  machine: Pick<Machine, "run">,
  { directory, generation, wasHeld }: LeaseGuard,
  script: string,
  args: readonly string[],
): Promise<string> {
  const asked = performance.now();
  try {
    const printed = await machine.run(`${GUARD}\n${script}`, [directory, String(generation), ...args]);
    wasHeld?.(asked);
    return printed;
  } catch (error) {
    if (!(error instanceof CommandFailed) || error.exitCode !== LOST) throw error;
    // Without any lease, it prints nothing.
    const newest = /^\d+ /.test(error.message) ? readNewest(error.message) : undefined;
    throw new LeaseLost(newest?.record.owner ?? "somebody");
  }
}

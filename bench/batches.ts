import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { LocalFleet } from "../harness/localFleet.ts";
import { buildMarket } from "../tools/buildMarket.ts";
import { printRow } from "./printRow.ts";

const SOAK_SECONDS = 2;

/**
 * Rolls three hosts back and forth, start-first in one batch and stop-first one after the other, and prints the wall time
 * relative to what starts and soaks alone take: for a batch, the slowest start of a host with its neighbours starting
 * beside it, and one soak; otherwise the sum over the hosts.
 */
export async function measureBatches(rolls: number): Promise<void> {
  const fleet = await LocalFleet.create(3, undefined, { second: true });
  try {
    const jars = [
      await identifyJar(await buildMarket({ version: "1.0.0" })),
      await identifyJar(await buildMarket({ version: "1.1.0" })),
    ] as const;
    await must(fleet, jars[0], {});
    console.log("order        batch   sent   lost   wall s  start+soak s  ratio");
    for (let index = 1; index <= rolls; index++) {
      for (const [order, batch] of [["start-first", "100%"] as const, ["stop-first", 1] as const]) {
        const jar = (await fleet.releases())["app-1"]?.startsWith("1.0.0") ? jars[1] : jars[0];
        const { result, seen } = await fleet.underLoad(() => must(fleet, jar, { order, batch: [batch] }));
        const starts = result.rolled.map(({ times: { start = 0, health = 0 } }) => (start + health) / 1000);
        const needed =
          order === "start-first"
            ? Math.max(...starts) + SOAK_SECONDS
            : starts.reduce((sum, start) => sum + start + SOAK_SECONDS, 0);
        const wall = result.durationSeconds;
        printRow([
          order.padEnd(12),
          String(batch).padEnd(5),
          seen.sent,
          seen.lost.length,
          wall,
          needed,
          wall / needed,
        ]);
      }
    }
  } finally {
    await fleet.remove();
  }
}

async function must(fleet: LocalFleet, jar: Jar, settings: Parameters<LocalFleet["rollHere"]>[2]) {
  const timing = { soakSeconds: SOAK_SECONDS };
  const { result, failure } = await fleet.rollHere(jar, undefined, { timing, ...settings });
  if (!result) throw new Error(failure);
  return result;
}

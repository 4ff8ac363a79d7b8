import { parseArgs } from "node:util";
import { EVERY_FLEET } from "./faults/everyFleet.ts";
import { market } from "./support/market.ts";

/**
 * Rolls a single host start-first under 200 requests a second, on every kind, and counts what clients lost; exits with 1
 * if that is anything. `node test/oneHost.ts --rolls 5 --requests 10000 --where containers`
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "5" },
    requests: { type: "string", default: "10000" },
    where: { type: "string", default: "" },
  },
});
const [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
const settings = { order: "start-first", timing: { soakSeconds: 3 } } as const;
let failures = 0;

console.log("where            roll  exit    sent  lost  slowest ms");
for (const { where, reason, create } of EVERY_FLEET.filter((each) => each.where.includes(values.where))) {
  if (reason !== undefined) {
    console.log(`${where}: ${reason}`);
    continue;
  }
  const { fleet, remove } = await create(1, { second: true });
  try {
    await fleet.roll({ ...settings, jar: old.jar });
    for (let roll = 1; roll <= Math.min(20, Number(values.rolls)); roll++) {
      const { jar } = roll % 2 === 1 ? next : old;
      const work = () => fleet.roll({ ...settings, jar });
      const { result, seen } = await fleet.underLoad(work, Math.min(50_000, Number(values.requests)), 200);
      if (result.code !== 0) console.log(result.output);
      failures += seen.lost.length + (result.code === 0 ? 0 : 1);
      const columns = [where.padEnd(16), String(roll).padStart(4), String(result.code).padStart(5)];
      const counts = [seen.sent, seen.lost.length, seen.longestMilliseconds].map(String);
      console.log(
        [...columns, counts[0]?.padStart(7), counts[1]?.padStart(5), counts[2]?.padStart(11)].join(" "),
      );
      for (const lost of seen.lost) console.log(lost);
    }
  } finally {
    await remove();
  }
}
process.exitCode = failures === 0 ? 0 : 1;

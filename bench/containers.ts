import { parseArgs } from "node:util";
import { order as orders } from "#rollout/request/rollRequest.ts";
import { parse } from "#rollout/request/validate.ts";
import { DockerFleet } from "../harness/docker/dockerFleet.ts";
import { buildMarket } from "../tools/buildMarket.ts";

/**
 * Rolls containers behind nginx back and forth under constant keep-alive traffic of 200 requests a second, POST
 * included, and prints per roll what clients lost; then scales up by a host and down again under the same traffic.
 * `npm run bench:containers -- --hosts 3 --rolls 5 --requests 10000 --order start-first`.
 */
const { values } = parseArgs({
  options: {
    hosts: { type: "string", default: "3" },
    rolls: { type: "string", default: "5" },
    requests: { type: "string", default: "10000" },
    order: { type: "string", default: "stop-first" },
  },
});
const order = parse(orders, values.order);
const [hosts, rolls, requests] = [Number(values.hosts), Number(values.rolls), Number(values.requests)];

const jars = [await buildMarket({ version: "1.0.0" }), await buildMarket({ version: "1.1.0" })];
const fleet = await DockerFleet.create(hosts, {}, { second: true });
try {
  await rollTo(jars[0] ?? "");
  const nginx = await fleet.nginxIdentity();
  console.log("            sent   lost   wall s");
  for (let index = 1; index <= rolls; index++) {
    await measure(`roll ${index}`, () => rollTo(jars[index % 2] ?? ""));
  }
  console.log(
    `nginx: ${(await fleet.nginxIdentity()) === nginx ? "the same processes as before" : "CHANGED"}`,
  );
  await measure("one more", async () => {
    await fleet.addHost(hosts + 1);
    fleet.addSecondSlots();
    await fleet.serveNginx();
    await rollTo(jars[rolls % 2] ?? "");
  });
  await measure("one less", async () => {
    const leaving = fleet.hosts.pop();
    await fleet.serveNginx();
    if (leaving) await fleet.deleteHost(leaving);
  });
} finally {
  await fleet.remove();
}

async function rollTo(jar: string): Promise<void> {
  const { code, output } = await fleet.roll({ jar, order });
  if (code !== 0) throw new Error(output);
}

async function measure(name: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  let wall = 0;
  const { seen } = await fleet.underLoad(async () => {
    await work();
    wall = (performance.now() - began) / 1000;
  }, requests);
  const columns = [
    String(seen.sent).padStart(6),
    String(seen.lost.length).padStart(6),
    wall.toFixed(1).padStart(8),
  ];
  console.log([name.padEnd(9), ...columns].join(" "));
  for (const lost of seen.lost) console.log(lost);
}

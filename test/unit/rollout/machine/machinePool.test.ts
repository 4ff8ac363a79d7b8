import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { machinePool, openerOf, poolOver } from "#rollout/machine/machinePool.ts";

/** A server, and a machine that notes how it connects there. */
async function serving() {
  const server = createServer((_, response) => response.end("here"));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connected: string[] = [];
  const open = async (how: string) => {
    connected.push(how);
    return connect(port, "127.0.0.1");
  };
  const ahead = { connect: () => open("ahead"), hasMore: false, listensSoon: () => {} };
  const machine = { connect: () => open("anew"), connectAhead: () => ahead };
  return { machine, port, connected };
}

test("only who expects to connect takes a connection that may be older", async () => {
  const { machine, port, connected } = await serving();
  const expecting = poolOver(openerOf(machine, "127.0.0.1", port, 1), {});
  for (const pool of [expecting, machinePool(machine, "127.0.0.1", port, {})]) {
    const { body } = await pool.request({ method: "GET", path: "/" });
    expect(await body.text()).toBe("here");
    await pool.destroy();
  }
  expect(connected).toEqual(["ahead", "anew"]);
});

import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { watchEngine } from "#provider/watchEngine.ts";

test("aborts once the engine no longer answers, and not before", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = Object(server.address());
  const engine = watchEngine(`127.0.0.1:${port}`, 100);
  await sleep(250);
  expect(engine.signal.aborted).toBe(false);
  server.close();
  await expect.poll(() => engine.signal.aborted, { timeout: 5_000 }).toBe(true);
  expect(String(engine.signal.reason)).toContain("pulumi is gone");
  engine.stop();
});

test("watches nothing if there is no engine", async () => {
  const engine = watchEngine("run");
  await sleep(50);
  expect(engine.signal.aborted).toBe(false);
  engine.stop();
});

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openEngine } from "#kinds/docker/openEngine.ts";
import { freePort } from "../../../support/freePort.ts";
import { close } from "../../../support/httpServer.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** An engine that can go and come back at its place. */
async function engineAt(place: string | number) {
  let server: Server;
  const asked: string[] = [];
  const start = async () => {
    server = createServer(({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.end("OK");
    }).listen(place);
    await once(server, "listening");
  };
  await start();
  onTestFinished(() => close(server));
  return { asked, start, stop: () => close(server) };
}

test("a request waits for an engine that is away for a moment, and reaches it exactly once", async () => {
  const [socket, port] = [join(await temporaryDirectory(), "docker.sock"), await freePort()];
  for (const [place, url] of [
    [socket, `unix://${socket}`],
    [port, `tcp://127.0.0.1:${port}`],
  ] as const) {
    const engine = await engineAt(place);
    const docker = openEngine(url);
    await docker.ping();
    await engine.stop();
    const stopped = docker.getContainer("app").stop();
    await sleep(300);
    await engine.start();
    await stopped;
    expect(engine.asked).toEqual(["GET /_ping", "POST /containers/app/stop"]);
  }
});

test("a request to an engine that was never there fails at once", async () => {
  const began = performance.now();
  const docker = openEngine(`unix://${await temporaryDirectory()}/none.sock`);
  await expect(docker.ping()).rejects.toThrow("ENOENT");
  expect(performance.now() - began).toBeLessThan(1_000);
});

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { close } from "../../../support/httpServer.ts";
import { selfSigned } from "../../../support/selfSigned.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** An engine that can go and come back at its place. */
async function engineAt(place: string | number, tls?: { key: Buffer; cert: Buffer }) {
  let server: Server;
  const asked: string[] = [];
  const start = async () => {
    const answer: RequestListener = ({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      response.end("OK");
    };
    server = (tls ? createTlsServer(tls, answer) : createServer(answer)).listen(place);
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
    await expectPatience(await engineAt(place), url);
  }
});

test("a request to an engine behind TLS waits for it too", async (context) => {
  context.skip(!(await findExecutable("openssl")), "this machine has no openssl");
  const [folder, port] = [await selfSigned(), await freePort()];
  vi.stubEnv("DOCKER_TLS_VERIFY", "1");
  vi.stubEnv("DOCKER_CERT_PATH", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const [key, cert] = [await readFile(join(folder, "key.pem")), await readFile(join(folder, "cert.pem"))];
  await expectPatience(await engineAt(port, { key, cert }), `tcp://127.0.0.1:${port}`);
});

async function expectPatience(engine: Awaited<ReturnType<typeof engineAt>>, url: string): Promise<void> {
  const docker = openEngine(url);
  await docker.ping();
  await engine.stop();
  const stopped = docker.getContainer("app").stop();
  await sleep(300);
  await engine.start();
  await stopped;
  expect(engine.asked).toEqual(["GET /_ping", "POST /containers/app/stop"]);
}

test("a request to an engine that was never there fails at once", async () => {
  const began = performance.now();
  const docker = openEngine(`unix://${await temporaryDirectory()}/none.sock`);
  await expect(docker.ping()).rejects.toThrow("ENOENT");
  expect(performance.now() - began).toBeLessThan(1_000);
});

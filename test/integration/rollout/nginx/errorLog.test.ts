import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const withNjs = useNjsNginx();

/** What an application does with connections while it starts, stops or hangs. */
const NO_ANSWERS: readonly ((socket: Socket) => void)[] = [
  () => {},
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.once("data", () => socket.resetAndDestroy()),
];

/** Hosts that do not answer, each in its way; the last one refuses connections. */
async function silentHosts() {
  const ports = await Promise.all([...NO_ANSWERS.map(serveSockets), freePort()]);
  return ports.map((port, index) => ({ name: `silent-${index + 1}`, address: "127.0.0.1", port }));
}

async function serveSockets(take: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    take(socket);
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

/** Level and words of each line. */
async function logOf(directory: string): Promise<string[]> {
  const text = await readFile(join(directory, "logs", "error.log"), "utf8");
  return text
    .split("\n")
    .flatMap((line) => /\[\w+\]/.exec(line)?.[0].concat(line.replace(/^.*?\d: /, " ")) ?? []);
}

test("the rollout's requests to hosts that do not answer leave no trace in nginx's log", async () => {
  const directory = await temporaryDirectory();
  const [port, hosts] = [await freePort(), await silentHosts()];
  await serveNginx(nginxSettings({ directory, port, hosts }));
  const ask = ({ name }: { name: string }) => request(`${controlUrl(port)}/rollgate/health/${name}`);
  const answers = await Promise.all(hosts.map(ask));
  expect(answers.map(({ status }) => status)).toEqual([504, 502, 502, 502, 502]);
  expect(answers.map(({ body }) => body)).toEqual(hosts.map(() => "no answer to nginx\n"));
  expect(await logOf(directory)).toEqual([]);
});

test("a client's request that no host answers is logged", async () => {
  const directory = await temporaryDirectory();
  const port = await freePort();
  const hosts = [{ name: "app-1", address: "127.0.0.1", port: await freePort() }];
  await serveNginx(nginxSettings({ directory, port, hosts }));
  await rm(join(directory, "drained", "app-1"));
  expect((await request(`http://127.0.0.1:${port}/`)).status).toBe(502);
  expect(await logOf(directory)).toContainEqual(expect.stringMatching(/^\[error\] .*connect\(\) failed/));
});

test("about its own checks, nginx logs only when a host goes up or down", async (context) => {
  const { executable, module } = withNjs(context);
  const directory = await temporaryDirectory();
  const { port: appPort, server } = await serveHttp((_, answer) => void answer.end("OK"));
  const hosts = [{ name: "app-1", address: "127.0.0.1", port: appPort }, ...(await silentHosts())];
  const settings = nginxSettings({ directory, port: await freePort(), flavour: "njs", hosts });
  const check = { ...settings.check, intervalMilliseconds: 200, timeoutMilliseconds: 100, rise: 1, fall: 2 };
  await serveNginx({ ...settings, check, ...(module && { njsModule: module }) }, executable);
  await until(async () => (await logOf(directory)).length === 1);
  await close(server);
  await until(async () => (await logOf(directory)).length > 1);
  expect(await logOf(directory)).toEqual([
    expect.stringMatching(/^\[warn\] .*app-1 is up: 200$/),
    expect.stringMatching(/^\[warn\] .*app-1 is down: /),
  ]);
});

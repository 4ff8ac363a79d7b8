import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../../harness/freePort.ts";
import { Traffic } from "../../../../harness/traffic.ts";
import { frontHere } from "../../../support/kubernetes/frontHere.ts";
import { NJS_NGINX_MILLISECONDS, useNjsNginx } from "../../../support/njsNginx.ts";

type Json = ReturnType<typeof JSON.parse>;

const PODS = ["127.0.1.1", "127.0.1.2", "127.0.1.3"];
const named = (address: string) => ({ name: `pod-${address.split(".").at(-1)}`, address });

describe("nginx in front of pods", { timeout: NJS_NGINX_MILLISECONDS }, () => {
  const nginx = useNjsNginx();

  /** The pods that answer. */
  async function answering(url: string, count = 8): Promise<string[]> {
    const got = await Promise.all(Array.from({ length: count }, () => ask(url)));
    return [...new Set(got.map(({ version }) => version))].toSorted();
  }

  async function ask(url: string, body?: string) {
    const answer = await fetch(url, body === undefined ? {} : { method: "POST", body });
    const { version }: Json = answer.ok ? await answer.json() : {};
    return { status: answer.status, version };
  }

  /** Answers with its address; `answers` may be replaced. */
  async function podAt(address: string, port: number, answer: RequestListener = () => {}) {
    const behaviour = { health: 200, answer };
    const server = createServer((request, response) => {
      if (request.url === "/actuator/health") return void response.writeHead(behaviour.health).end();
      if (request.url?.startsWith("/app")) return void behaviour.answer(request, response);
      request.resume().on("end", () => {
        response.statusCode = request.method === "POST" ? 201 : 200;
        response.end(JSON.stringify({ version: address }));
      });
    });
    server.listen(port, address);
    await once(server, "listening");
    const end = () => {
      server.close();
      server.closeAllConnections();
    };
    onTestFinished(end);
    return { behaviour, end };
  }

  test("requests go to the pods that the API lists, in turn, and follow the list without a reload", async (context) => {
    const port = await freePort();
    for (const address of PODS) await podAt(address, port);
    const front = await frontHere(nginx(context), port);
    const answers = (count: number) => answering(front.url, count);
    expect((await fetch(front.url)).status).toBe(503);
    front.api.set(PODS.slice(0, 2).map(named));
    await expect.poll(() => answers(6), { timeout: 5_000 }).toEqual(PODS.slice(0, 2));
    await expect.poll(() => front.isReady()).toBe(true);
    front.api.set(PODS.map((address) => ({ ...named(address), terminating: address === PODS[0] })));
    await expect.poll(() => answers(6), { timeout: 5_000 }).toEqual(PODS.slice(1));
    const { server } = await front.status();
    expect(server).toMatchObject([
      { host: "pod-1", name: `127.0.1.1:${port}`, drained: true, status: "up" },
      { host: "pod-2", drained: false, status: "up" },
      { host: "pod-3", drained: false, status: "up" },
    ]);
    expect(front.api.asked.at(-1)).toEqual({
      url: "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?resourceVersion=0&labelSelector=kubernetes.io%2Fservice-name%3Dshop-pods",
      authorization: "Bearer a-token",
    });
  });

  test("no pod of the list gets a request before it passes its checks, nor once it fails them", async (context) => {
    const port = await freePort();
    const pods = [];
    for (const address of PODS) pods.push(await podAt(address, port));
    const [first, second] = pods;
    const front = await frontHere(nginx(context), port);
    if (first && second) second.behaviour.health = 503;
    front.api.set(PODS.slice(0, 2).map(named));
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(1);
    const answers = () => answering(front.url);
    // The choice follows the checks by some milliseconds.
    await expect.poll(answers).toEqual([PODS[0]]);
    expect(await answers()).toEqual([PODS[0]]);
    if (second) second.behaviour.health = 200;
    await expect.poll(answers).toEqual(PODS.slice(0, 2));
    if (first) first.behaviour.health = 500;
    await expect.poll(answers).toEqual([PODS[1]]);
  });

  test("a pod that is about to end serves until another one passes its checks", async (context) => {
    const port = await freePort();
    for (const address of PODS) await podAt(address, port);
    const front = await frontHere(nginx(context), port);
    front.api.set([named("127.0.1.1")]);
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(1);
    const traffic = new Traffic(front.url, 50);
    front.api.set([{ ...named("127.0.1.1"), terminating: true }, named("127.0.1.2")]);
    await expect.poll(() => answering(front.url), { timeout: 5_000 }).toEqual(["127.0.1.2"]);
    expect((await traffic.stop()).lost).toEqual([]);
  });

  test("while the API is silent, the last list goes on, and checks find pods that die", async (context) => {
    const port = await freePort();
    const pods = [];
    for (const address of PODS) pods.push(await podAt(address, port));
    const front = await frontHere(nginx(context), port);
    front.api.set(PODS.map(named));
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(3);
    front.api.silence(true);
    const traffic = new Traffic(front.url, 100);
    await expect
      .poll(() => front.errors.join(""), { timeout: 5_000 })
      .toContain("goes on with the 3 it knows");
    pods[0]?.end();
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(2);
    const { lost, sent } = await traffic.stop();
    expect(lost).toEqual([]);
    expect(sent).toBeGreaterThan(100);
    front.api.silence(false);
    await expect.poll(() => front.errors.join(""), { timeout: 5_000 }).toContain("answers again");
  });

  test("an nginx that is started again without the API goes on with the pods that it knew", async (context) => {
    const port = await freePort();
    for (const address of PODS) await podAt(address, port);
    const front = await frontHere(nginx(context), port);
    front.api.set(PODS.map(named));
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(3);
    front.api.silence(true);
    await front.restart();
    await expect.poll(() => front.isReady(), { timeout: 5_000 }).toBe(true);
    expect(await answering(front.url)).toEqual(PODS);
  });

  test("a POST is sent again if the pod refused it, but not if the pod got it", async (context) => {
    const port = await freePort();
    let got = 0;
    const dies: RequestListener = (request) => {
      got++;
      if (request.method === "GET") request.destroy();
      else request.on("data", () => request.destroy());
    };
    await podAt("127.0.1.1", port, dies);
    await podAt("127.0.1.2", port, dies);
    const front = await frontHere(nginx(context), port, {
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 20_000,
        rise: 1,
        fall: 2,
        timeoutMilliseconds: 500,
        expect: ["2xx"],
      },
    });
    const body = "x".repeat(300_000);
    front.api.set(["127.0.1.1", "127.0.1.2", "127.0.1.9"].map(named));
    await expect.poll(async () => (await ask(front.url, body)).status, { timeout: 5_000 }).toBe(201);
    for (let turn = 0; turn < 6; turn++) {
      const { status, version } = await ask(front.url, body);
      expect([status, version]).toEqual([201, expect.stringMatching(/^127\.0\.1\.[12]$/)]);
    }
    expect((await fetch(`${front.url}/app`, { method: "POST", body })).status).toBe(502);
    expect(got).toBe(1);
    expect((await fetch(`${front.url}/app`)).status).toBe(502);
  });

  test("each request is counted by its pod while somebody reads, and what was read is forgotten", async (context) => {
    const port = await freePort();
    const fails: RequestListener = (_, response) => void response.writeHead(500).end();
    for (const address of PODS) await podAt(address, port, fails);
    const front = await frontHere(nginx(context), port);
    front.api.set(PODS.map(named));
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(3);
    await fetch(front.url);
    const read = async (query = "") => {
      const answer: Json = await (await fetch(`${front.control}/rollgate/ledger${query}`)).json();
      return answer;
    };
    expect((await read()).rows).toEqual([]);
    for (let turn = 0; turn < 30; turn++) await (await fetch(front.url)).text();
    for (let turn = 0; turn < 3; turn++) await (await fetch(`${front.url}/app`)).text();
    const { at, rows } = await read();
    const sums = (what: string) =>
      rows
        .filter((row: unknown[]) => row[2] === what)
        .reduce((total: number, row: unknown[]) => total + Number(row[3]), 0);
    expect([sums("requests"), sums("errors"), sums("lost")]).toEqual([33, 3, 0]);
    expect(new Set(rows.map((row: unknown[]) => row[1]))).toEqual(new Set(["pod-1", "pod-2", "pod-3"]));
    await expect.poll(async () => (await read(`?before=${at + 1}`)).rows, { timeout: 5_000 }).toEqual([]);
    await read("?end");
    await fetch(front.url);
    expect((await read("?end")).rows).toEqual([]);
  });

  test("a roll that has lost its lease ends no count of the next one, and forgets nothing of it", async (context) => {
    const port = await freePort();
    await podAt("127.0.1.1", port);
    const front = await frontHere(nginx(context), port);
    front.api.set([named("127.0.1.1")]);
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(1);
    const read = (query: string) => fetch(`${front.control}/rollgate/ledger?${query}`);
    const requests = async (query: string) => {
      const { rows }: Json = await (await read(query)).json();
      return rows.filter((row: unknown[]) => row[2] === "requests");
    };
    expect((await read("session=4")).status).toBe(200);
    expect(await requests("session=5")).toEqual([]);
    await fetch(front.url);
    expect((await read("session=4&before=99999999999&end")).status).toBe(409);
    await fetch(front.url);
    const counted = await requests("session=5");
    expect(counted.reduce((total: number, row: unknown[]) => total + Number(row[3]), 0)).toBe(2);
    expect((await read("session=5&end")).status).toBe(200);
    expect((await read("session=4")).status).toBe(200);
  });

  test("connections of clients end with an answer once nginx is about to stop", async (context) => {
    const port = await freePort();
    await podAt("127.0.1.1", port);
    const front = await frontHere(nginx(context), port);
    front.api.set([named("127.0.1.1")]);
    await expect.poll(async () => (await front.status()).up, { timeout: 5_000 }).toBe(1);
    expect((await fetch(front.url)).headers.get("connection")).toBe("keep-alive");
    await writeFile(join(front.directory, "close-connections"), "");
    const answer = await fetch(front.url);
    expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"]);
  });
});

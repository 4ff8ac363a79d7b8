import { once } from "node:events";
import { mkdir, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, type TestContext, test } from "vitest";
import type { Machine } from "#rollout/machine/machine.ts";
import { flagSum } from "#rollout/nginx/flagSum.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { startNode } from "../../../support/child.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const { signal } = new AbortController();

function accessOf(machine: Machine, port: number, directory = "/nowhere"): MachineNginxAccess {
  const access = new MachineNginxAccess(machine, {
    url: "http://192.0.2.1:8080",
    directory,
    address: "127.0.0.1",
    port: 8080,
    controlPort: port,
  });
  onTestFinished(() => access.close());
  return access;
}

describe("an answer of nginx", () => {
  /** Something that answers for nginx with its path, and how many connections came. */
  async function run(context: TestContext, answerAfterMilliseconds = 0) {
    const { port, server } = await serveHttp(async (request, response) => {
      await sleep(answerAfterMilliseconds);
      response.writeHead(request.url === "/down" ? 503 : 200).end(`from ${request.url}`);
    });
    let connections = 0;
    server.on("connection", () => {
      connections += 1;
    });
    const access = accessOf(await localMachine("sh", context), port);
    return { access, server, connections: () => connections };
  }

  test("comes from the machine itself, whatever address clients use", async (context) => {
    const { access } = await run(context);
    const { statusCode, body } = await access.get("/rollgate/health/app-1", signal);
    expect(statusCode).toBe(200);
    expect(Buffer.from(body).toString()).toBe("from /rollgate/health/app-1");
    expect(await access.get("/down", signal)).toMatchObject({ statusCode: 503 });
    expect(access.url).toBe("http://192.0.2.1:8080");
  });

  test("comes over the same few connections, however many requests there are", async (context) => {
    const { access, connections } = await run(context);
    for (let question = 0; question < 20; question++) await access.get("/", signal);
    expect(connections()).toBeLessThanOrEqual(4);
  });

  test("comes over one connection with all others that nginx has itself, and not behind an application", async (context) => {
    const waiting: (() => void)[] = [];
    const { port, server } = await serveHttp(({ url = "" }, response) => {
      if (url.startsWith("/rollgate/health/")) return;
      waiting.push(() => response.end(url));
      if (waiting.length === 3) for (const answer of waiting) answer();
    });
    const connections = new Set();
    server.on("connection", (socket) => connections.add(socket));
    const access = accessOf(await localMachine("sh", context), port);
    const over = new AbortController();
    const slow = access.get("/rollgate/health/app-1", over.signal);
    slow.catch(() => {});
    const paths = ["/rollgate/drained", "/rollgate/configuration", "/status?format=json"];
    const answers = await Promise.all(paths.map((path) => access.get(path, AbortSignal.timeout(5_000))));
    expect(answers.map(({ body }) => Buffer.from(body).toString())).toEqual(paths);
    expect(connections.size).toBe(2);
    over.abort();
    await expect(slow).rejects.toThrow();
  });

  test("comes over another connection if the kept one is reset during the request", async (context) => {
    const { access, server } = await run(context);
    await access.get("/", signal);
    server.once("request", (request) => request.socket.resetAndDestroy());
    expect(await access.get("/", signal)).toMatchObject({ statusCode: 200 });
  });

  test("comes over a new connection if that matters, as after a reload", async (context) => {
    const { access, connections } = await run(context);
    await access.get("/", signal);
    for (let question = 0; question < 3; question++) await access.getAnew("/", signal);
    expect(connections()).toBe(4);
  });

  test("comes even after nginx has closed the kept connection", async (context) => {
    const { access, server, connections } = await run(context);
    await access.get("/", signal);
    server.closeAllConnections();
    expect(await access.get("/", signal)).toMatchObject({ statusCode: 200 });
    expect(connections()).toBe(2);
  });

  test("is not waited for longer than the caller wants", async (context) => {
    const { access } = await run(context, 10_000);
    const began = performance.now();
    await expect(access.get("/", AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("is an error in the machine's own words if nothing listens", async (context) => {
    const port = await freePort();
    const access = accessOf(await localMachine("sh", context), port);
    await expect(access.get("/", signal)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`);
    await expect(access.getAnew("/", signal)).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`);
  });
});

describe.each(SHELLS)("on a machine with %s", (shell) => {
  test("a flag is raised, seen, and lowered, as often as asked", async (context) => {
    const directory = join(await temporaryDirectory(), 'it\'s "nginx" $(id)');
    const access = accessOf(await localMachine(shell, context), 1, directory);
    expect(await access.isFlagged("app-1")).toBe(false);
    await access.lowerFlag("app-1");
    for (const _ of [1, 2]) {
      await access.raiseFlag("app-1");
      expect(await access.isFlagged("app-1")).toBe(true);
      expect(await access.isFlagged("app-2")).toBe(false);
    }
    expect(await readdir(join(directory, "drained"))).toEqual([flagSum(["app-1"]), "app-1"]);
    for (const _ of [1, 2]) {
      await access.lowerFlag("app-1");
      expect(await access.isFlagged("app-1")).toBe(false);
    }
  });

  test("the flags have one sum, which follows each change and comes back after one by hand", async (context) => {
    const directory = await temporaryDirectory();
    const access = accessOf(await localMachine(shell, context), 1, directory);
    const sums = async () =>
      (await readdir(join(directory, "drained"))).filter((name) => name.startsWith("."));
    await access.sumFlags();
    await access.raiseFlag("app-10");
    await access.raiseFlag("app-1_b");
    await access.raiseFlag("_standby");
    expect(await sums()).toEqual([flagSum(["app-1_b", "app-10", "_standby"])]);
    await access.lowerFlag("_standby");
    expect(await sums()).toEqual([flagSum(["app-1_b", "app-10"])]);
    await rm(join(directory, "drained", "app-10"));
    await access.sumFlags();
    expect(await sums()).toEqual([flagSum(["app-1_b"])]);
    await access.lowerFlag("app-1_b");
    expect(await sums()).toEqual([flagSum([])]);
  });

  test("the flags have no sum after a change that was cut off", async (context) => {
    const directory = await temporaryDirectory();
    const access = accessOf(await localMachine(shell, context), 1, directory);
    await access.raiseFlag("app-1");
    const flags = join(directory, "drained");
    // No file may be created in the place of a folder, so the change ends before the flag is up.
    await mkdir(join(flags, "app-2"));
    await expect(access.raiseFlag("app-2")).rejects.toThrow();
    expect((await readdir(flags)).sort()).toEqual(["app-1", "app-2"]);
  });

  test("two deployers at once never leave a sum of other flags than those that are raised", async (context) => {
    const directory = await temporaryDirectory();
    const machine = await localMachine(shell, context);
    const [one, other] = [accessOf(machine, 1, directory), accessOf(machine, 1, directory)];
    await one.raiseFlag("app-1");
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        round % 2 === 0
          ? [one.raiseFlag("app-2"), other.lowerFlag("app-1")]
          : [one.lowerFlag("app-2"), other.raiseFlag("app-1")],
      );
      const flags = round % 2 === 0 ? ["app-2"] : ["app-1"];
      const found = await readdir(join(directory, "drained"));
      expect(found.filter((name) => name !== flagSum(flags))).toEqual(flags);
    }
  });

  test("connections to a host are counted until they are closed, and no others", async (context) => {
    const [one, other] = [await serveHttp(() => {}), await serveHttp(() => {})];
    const access = accessOf(await localMachine(shell, context), 1);
    const open = async (port: number) => {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      await once(socket, "connect");
      return socket;
    };
    expect(await access.connectionsTo("127.0.0.1", one.port)).toBe(0);
    const sockets = [await open(one.port), await open(one.port)];
    await open(other.port);
    expect(await access.connectionsTo("127.0.0.1", one.port)).toBe(2);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => access.connectionsTo("127.0.0.1", one.port), { timeout: 5_000 }).toBe(0);
    expect(await access.connectionsTo("127.0.0.1", other.port)).toBe(1);
  });

  test("a connection attempt is not counted, or a dead host would never settle", async (context) => {
    const port = await freePort();
    const { pid } = await startNode(
      `require("node:net").createServer().listen({ port: ${port}, host: "127.0.0.1", backlog: 1 }, () => console.log("listening"))`,
    );
    process.kill(pid, "SIGSTOP");
    const access = accessOf(await localMachine(shell, context), 1);
    for (let tried = 0; tried < 4; tried++) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      onTestFinished(() => void socket.destroy());
    }
    // The backlog takes two; nobody answers the others.
    await expect.poll(() => access.connectionsTo("127.0.0.1", port), { timeout: 5_000 }).toBe(2);
    await sleep(100);
    expect(await access.connectionsTo("127.0.0.1", port)).toBe(2);
  });
});

describe("an nginx that a roll may have lost", () => {
  test("listens or not, which its machine can tell", async (context) => {
    const { port, server } = await serveHttp((_, response) => void response.end());
    const access = accessOf(await localMachine("sh", context), port);
    expect(await access.isListening()).toBe(true);
    server.close();
    server.closeAllConnections();
    await expect.poll(() => access.isListening()).toBe(false);
  });

  test("answers clients or not, which the machine of another one can tell, whatever the answer is", async (context) => {
    const access = accessOf(await localMachine("sh", context), await freePort());
    const { port } = await serveHttp((_, response) => void response.writeHead(503).end());
    expect(await access.reaches(`http://127.0.0.1:${port}`)).toBe(true);
    // As nginx does when it expects TLS.
    expect(await access.reaches(`https://127.0.0.1:${port}`)).toBe(true);
    expect(await access.reaches(`http://127.0.0.1:${await freePort()}`)).toBe(false);
    expect(await access.reaches(`http://[::1]:${await freePort("::1")}`)).toBe(false);
  });
});

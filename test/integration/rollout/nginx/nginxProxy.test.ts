import { execFileSync } from "node:child_process";
import { chmod, rm, writeFile } from "node:fs/promises";
import { Agent, type RequestListener, request as send } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlPortFor, freePort } from "../../../../harness/freePort.ts";
import { quitNginx } from "../../../../harness/nginxProcess.ts";
import { request } from "../../../../harness/request.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { localHost } from "../../../support/localHost.ts";
import { localNginxAccess, NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { recordedStatus } from "../../../support/nginxStatus.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const { signal } = new AbortController();

describe("a stock nginx", () => {
  test("drains a host whatever others of a large fleet are drained", async () => {
    const directory = await temporaryDirectory();
    const { port: behind } = await serveHttp((_, answer) => void answer.end());
    const names = Array.from({ length: 23 }, (_, index) => `app-${index + 1}`);
    const hosts = names.map((name) => ({ name, address: "127.0.0.1", port: behind }));
    const port = await freePort();
    await serveNginx(nginxSettings({ directory, port, hosts }));
    for (const name of names) await rm(join(directory, "drained", name));
    const proxy = new NginxProxy(localNginxAccess({ directory, address: "127.0.0.1", port }));
    const drained = names.filter((_, index) => index % 3 === 0);
    for (const name of drained) await proxy.drain(localHost({ name, port: behind }));
    expect(await proxy.drained(signal)).toEqual(new Set(drained));
  });

  /** Two hosts that answer their names and are healthy unless `answers` says otherwise, behind a real nginx. */
  async function run(
    answers: Partial<Record<string, RequestListener>> = {},
    settings: Partial<NginxSettings> = {},
  ) {
    const directory = await temporaryDirectory();
    const apps = await Promise.all(
      ["app-1", "app-2"].map(async (name) => {
        const healthy: RequestListener = (asked, answer) =>
          void answer.end(asked.url === "/actuator/health" ? '{"status":"UP"}' : name);
        const { port, server } = await serveHttp(answers[name] ?? healthy);
        return { host: localHost({ name, port }), server };
      }),
    );
    const [one, two] = apps;
    if (one === undefined || two === undefined) throw new Error("there are two");
    const hosts = apps.map(({ host: { name, address, port } }) => ({ name, address, port }));
    const port = await freePort();
    await serveNginx(nginxSettings({ directory, port, hosts, ...settings }));
    const proxy = new NginxProxy(localNginxAccess({ directory, address: "127.0.0.1", port }));
    return { proxy, directory, one, two };
  }

  async function servedBy(url: string): Promise<Set<string>> {
    const bodies = await Promise.all(Array.from({ length: 24 }, () => request(`${url}/`)));
    return new Set(bodies.map(({ body }) => body));
  }

  test("uses an admitted host with the next request, and no longer a drained one", async () => {
    const { proxy, one, two } = await run();
    expect(await proxy.drained(signal)).toEqual(new Set(["app-1", "app-2"]));
    await proxy.admit(one.host);
    expect(await servedBy(proxy.url)).toEqual(new Set(["app-1"]));
    await proxy.admit(two.host);
    await proxy.drain(one.host);
    expect(await servedBy(proxy.url)).toEqual(new Set(["app-2"]));
    expect(await proxy.drained(signal)).toEqual(new Set(["app-1"]));
  });

  test("looks at one file for all flags while the fleet is at rest, and finds out that a flag changed without it", async () => {
    const { proxy, directory, one, two } = await run();
    await proxy.admit(one.host);
    await proxy.admit(two.host);
    await writeFile(join(directory, "drained", "app-1"), "");
    expect(await servedBy(proxy.url)).toEqual(new Set(["app-1", "app-2"]));
    expect(await proxy.drained(signal)).toEqual(new Set(["app-1"]));
    expect(await servedBy(proxy.url)).toEqual(new Set(["app-2"]));
  });

  test("looks at the flags if it was started in another folder than its own", async () => {
    const { proxy, directory, one, two } = await run();
    await proxy.admit(one.host);
    await proxy.admit(two.host);
    await quitNginx(directory, 5);
    execFileSync(NGINX, ["-p", directory, "-c", join(directory, "nginx.conf")], { cwd: "/" });
    await writeFile(join(directory, "drained", "app-1"), "");
    expect(await servedBy(proxy.url)).toEqual(new Set(["app-2"]));
    expect(await proxy.drained(signal)).toEqual(new Set(["app-1"]));
  });

  test("may be asked for a state it is already in", async () => {
    const { proxy, one } = await run();
    await proxy.drain(one.host);
    await proxy.admit(one.host);
    await proxy.admit(one.host);
    expect(await proxy.drained(signal)).toEqual(new Set(["app-2"]));
  });

  test("sees a host from its own side, drained or not", async () => {
    const { proxy, one, two } = await run({
      "app-2": (_, answer) => void answer.writeHead(503).end('{"status":"DOWN"}'),
    });
    expect(await proxy.upstream(one.host, signal)).toEqual({ up: true, detail: "200 UP" });
    expect(await proxy.upstream(two.host, signal)).toEqual({
      up: false,
      detail: '503 DOWN {"status":"DOWN"}',
      isItsAnswer: true,
    });
    await close(one.server);
    expect(await proxy.upstream(one.host, signal)).toMatchObject({
      up: false,
      detail: expect.stringMatching(/^502 /),
    });
  });

  test("does not take 200 as up, since the body counts", async () => {
    const { proxy, one } = await run({ "app-1": (_, answer) => void answer.end('{"status":"DOWN"}') });
    expect(await proxy.upstream(one.host, signal)).toEqual({
      up: false,
      detail: '200 DOWN {"status":"DOWN"}',
      isItsAnswer: true,
    });
  });

  test("is ready when it has the hosts", async () => {
    const { proxy, one, two } = await run();
    await expect(proxy.preflight([one.host, two.host], signal)).resolves.toBeUndefined();
  });

  test("is ready even if no application runs yet", async () => {
    const { proxy, one, two } = await run();
    await close(one.server);
    await close(two.server);
    await expect(proxy.preflight([one.host, two.host], signal)).resolves.toBeUndefined();
  });

  test.each<[string, RequestListener]>([
    ["404 to what it does not know", (_, answer) => void answer.writeHead(404).end()],
    ["200 to everything", (_, answer) => void answer.end("welcome")],
  ])(
    "is refused when it does not have a host, even before an application that answers %s",
    async (_, answer) => {
      const { proxy, one, two } = await run({ "app-1": answer, "app-2": answer });
      await proxy.admit(one.host);
      await proxy.admit(two.host);
      const stranger = localHost({ name: "app-3", port: one.host.port });
      await expect(proxy.preflight([stranger], signal)).rejects.toThrow(
        expect.objectContaining({
          code: "not-in-nginx",
          message: `nginx at ${proxy.url} has no host app-3 in its configuration`,
        }),
      );
    },
  );

  test("is rejected if it does not know a host's second slot yet", async () => {
    const { proxy, one } = await run();
    const { port } = one.host;
    const host = localHost({ name: "app-1", port, second: { address: "127.0.0.1", port: port + 1 } });
    await expect(proxy.preflight([host], signal)).rejects.toThrow(
      `nginx at ${proxy.url} has no host app-1_b in its configuration`,
    );
  });

  test("is rejected if it lacks a host while all its hosts are drained", async () => {
    const { proxy, one } = await run();
    const stranger = localHost({ name: "app-3", port: one.host.port });
    await expect(proxy.preflight([stranger], signal)).rejects.toThrow(
      "has no host app-3 in its configuration",
    );
  });

  test("accepts a host without a health endpoint at this path, since the next release may have one", async () => {
    const { proxy, one } = await run({ "app-1": (_, answer) => void answer.writeHead(404).end() });
    await expect(proxy.preflight([one.host], signal)).resolves.toBeUndefined();
  });

  test("counts its own connections to a host, and no others", async () => {
    const held = new Set<() => void>();
    const { proxy, one, two } = await run({
      "app-1": (_, answer) => void held.add(() => answer.end("late")),
    });
    await proxy.admit(one.host);
    expect(await proxy.connections(one.host)).toBe(0);

    const direct = send(`http://127.0.0.1:${one.host.port}/`, {
      agent: new Agent({ keepAlive: true }),
    }).end();
    direct.on("error", () => {});
    onTestFinished(() => void direct.destroy());
    const through = [request(`${proxy.url}/`), request(`${proxy.url}/`)];
    await expect.poll(() => held.size).toBe(3);
    expect(await proxy.connections(one.host)).toBe(2);
    expect(await proxy.connections(two.host)).toBe(0);

    for (const answer of held) answer();
    await Promise.all(through);
    await expect.poll(() => proxy.connections(one.host)).toBe(0);
  });

  test("keeps no idle connection to a host", async () => {
    const { proxy, one } = await run();
    await proxy.admit(one.host);
    await servedBy(proxy.url);
    await expect.poll(() => proxy.connections(one.host), { timeout: 500 }).toBe(0);
  });

  test("lets a request in flight finish while its host is drained", async () => {
    const asked = Promise.withResolvers<() => void>();
    const { proxy, one } = await run({ "app-1": (_, answer) => asked.resolve(() => answer.end("late")) });
    await proxy.admit(one.host);
    const late = request(`${proxy.url}/`);
    const finish = await asked.promise;
    await proxy.drain(one.host);
    finish();
    expect(await late).toMatchObject({ status: 200, body: "late" });
  });

  test("that does not see its flag files is not trusted", async (context) => {
    context.skip(process.getuid?.() !== 0, "only root can start workers of another user");
    const { proxy, directory, one } = await run({}, { user: "daemon" });
    await chmod(directory, 0o700);
    await expect(proxy.drain(one.host)).rejects.toThrow(
      expect.objectContaining({
        code: "drain-unconfirmed",
        message: `nginx at ${proxy.url} does not drain app-1: it does not see the flag file appear`,
      }),
    );
  });

  test("reports which hosts are drained to whoever removes the flag", async () => {
    const { proxy, directory } = await run();
    await rm(join(directory, "drained", "app-1"));
    expect(await proxy.drained(signal)).toEqual(new Set(["app-2"]));
  });
});

describe("an nginx with the check module", () => {
  /** Its locations, with the page replayed from a recording and the health that the host itself answers. */
  async function replay(page: Buffer, health = '{"status":"UP"}') {
    return answering((asked, answer) => {
      if (asked.url === "/rollgate/configuration") answer.end("check-module 0123456789abcdef");
      else if (asked.url === "/status?format=json") answer.end(page);
      else if (asked.url === "/rollgate/health/app-1") answer.end(health);
      else answer.writeHead(404).end();
    });
  }

  test.each([
    ["image-module-nginx-1.18", 18101, "up, rise 11, fall 0", 18102],
    ["upstream-module-nginx-1.22", 18201, "up, rise 9, fall 0", 18202],
  ] as const)("is trusted about its own checks: %s", async (module, upPort, upDetail, downPort) => {
    const proxy = await replay(await recordedStatus(module, "one-down"));
    expect(await proxy.upstream(localHost({ port: upPort }), signal)).toEqual({ up: true, detail: upDetail });
    expect(await proxy.upstream(localHost({ port: downPort }), signal)).toEqual({
      up: false,
      detail: "down, rise 0, fall 5",
    });
  });

  test("does not see a host as up that has not passed its checks since the start", async () => {
    const proxy = await replay(await recordedStatus("image-module-nginx-1.18", "right-after-start"));
    expect(await proxy.upstream(localHost({ port: 18101 }), signal)).toEqual({
      up: false,
      detail: "down, rise 0, fall 0",
    });
  });

  test("does not see a host as up whose last check failed, since it may have been replaced before nginx noticed", async () => {
    const recorded = String(await recordedStatus("upstream-module-nginx-1.22", "all-up"));
    const proxy = await replay(Buffer.from(recorded.replace('"rise": 2, "fall": 0', '"rise": 0, "fall": 1')));
    expect(await proxy.upstream(localHost({ port: 18201 }), signal)).toEqual({
      up: false,
      detail: "up, rise 0, fall 1",
    });
  });

  test("does not see a host as up before every upstream that it is in does", async () => {
    const server = (upstream: string, status: string, rise: number) => ({
      index: 0,
      upstream,
      name: "127.0.0.1:18201",
      status,
      rise,
      fall: 0,
      type: "http",
      port: 0,
    });
    const page = (...server: readonly object[]) => Buffer.from(JSON.stringify({ servers: { server } }));
    const early = await replay(page(server("all", "up", 2), server("drained_1", "down", 1)));
    expect(await early.upstream(localHost({ port: 18201 }), signal)).toEqual({
      up: false,
      detail: "down, rise 1, fall 0",
    });
    const late = await replay(page(server("all", "up", 3), server("drained_1", "up", 2)));
    expect(await late.upstream(localHost({ port: 18201 }), signal)).toEqual({
      up: true,
      detail: "up, rise 3, fall 0",
    });
  });

  test("does not take 200 as up, as its own checks do, since the body counts", async () => {
    const page = await recordedStatus("upstream-module-nginx-1.22", "all-up");
    const proxy = await replay(page, '{"status":"DOWN"}');
    expect(await proxy.upstream(localHost({ port: 18201 }), signal)).toEqual({
      up: false,
      detail: '200 DOWN {"status":"DOWN"}',
      isItsAnswer: true,
    });
  });

  test("does not see a host as up that is not on its status page", async () => {
    const proxy = await replay(await recordedStatus("upstream-module-nginx-1.22", "all-up"));
    expect(await proxy.upstream(localHost({ port: 1820 }), signal)).toEqual({
      up: false,
      detail: "127.0.0.1:1820 is not in /status",
    });
    expect(await proxy.upstream(localHost({ port: 18201, address: "::1" }), signal)).toEqual({
      up: false,
      detail: "[::1]:18201 is not in /status",
    });
  });

  test("does not see a host as up if its status page cannot be read", async () => {
    const proxy = await replay(Buffer.from("<html>busy</html>"));
    expect(await proxy.upstream(localHost({ port: 18101 }), signal)).toEqual({
      up: false,
      detail: "expected the check module's JSON from /status, got <html>busy</html>",
    });
  });
});

/** The proxy before whatever answers. */
async function answering(answer: RequestListener): Promise<NginxProxy> {
  const { port } = await serveHttp(answer);
  const access = localNginxAccess({
    directory: "/nowhere",
    address: "127.0.0.1",
    port: 8080,
    controlPort: port,
  });
  return new NginxProxy(access);
}

test("the flavour is asked for again after an invalid answer, and the answer is quoted", async () => {
  let configuration = "<html>busy</html>";
  const proxy = await answering((asked, answer) => {
    if (asked.url === "/rollgate/configuration") answer.end(configuration);
    else answer.end('{"status":"UP"}');
  });
  const { up, detail } = await proxy.upstream(localHost({ port: 1 }), signal);
  expect(up).toBe(false);
  expect(detail).toMatch(/^\w.*<html>busy/);
  configuration = "stock 0123456789abcdef";
  expect(await proxy.upstream(localHost({ port: 1 }), signal)).toEqual({ up: true, detail: "200 UP" });
});

test("looking at a host that is down leaves no error behind to surface later", async () => {
  const asked: (string | undefined)[] = [];
  const proxy = await answering((request, answer) => {
    asked.push(request.url);
    if (request.url === "/rollgate/configuration") request.socket.destroy();
    else answer.writeHead(503).end();
  });
  const failed: unknown[] = [];
  const record = (error: unknown) => void failed.push(error);
  process.prependListener("unhandledRejection", record);
  onTestFinished(() => void process.off("unhandledRejection", record));
  expect(await proxy.upstream(localHost({ port: 1 }), signal)).toEqual({
    up: false,
    detail: "503",
    isItsAnswer: true,
  });
  await sleep(100);
  expect(asked).toContain("/rollgate/health/app-1");
  expect(failed).toEqual([]);
});

describe("an nginx that is not ours", () => {
  test("is rejected if nobody answers", async () => {
    const port = await freePort();
    const proxy = new NginxProxy(localNginxAccess({ directory: "/nowhere", address: "127.0.0.1", port }));
    await expect(proxy.preflight([], signal)).rejects.toThrow(
      expect.objectContaining({
        code: "nginx-unreachable",
        message: `nginx at http://127.0.0.1:${port} does not answer: connect ECONNREFUSED 127.0.0.1:${controlPortFor(port)}`,
      }),
    );
    expect(await proxy.upstream(localHost({ port: 1 }), signal)).toMatchObject({ up: false });
  });

  test("is rejected if something else answers", async () => {
    const proxy = await answering((_, answer) => void answer.writeHead(404).end());
    await expect(proxy.preflight([], signal)).rejects.toThrow(
      expect.objectContaining({
        code: "not-our-nginx",
        message: `expected the nginx of this stack at ${proxy.url}, got 404 from /rollgate/drained`,
      }),
    );
  });

  test("is not asked at all once the signal is aborted", async () => {
    const asked: unknown[] = [];
    const proxy = await answering((request, answer) => {
      asked.push(request.url);
      answer.end();
    });
    const reason = new Error("stop");
    await expect(proxy.preflight([], AbortSignal.abort(reason))).rejects.toThrow(reason);
    expect(asked).toEqual([]);
  });
});

test("an nginx on IPv6 has its address in brackets", () => {
  const access = localNginxAccess({ directory: "/nowhere", address: "::1", port: 8080 });
  expect(new NginxProxy(access).url).toBe("http://[::1]:8080");
});

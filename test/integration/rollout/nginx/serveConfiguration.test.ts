import { once } from "node:events";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "undici";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { quitNginx, runningNginx } from "../../../../harness/nginxProcess.ts";
import { request } from "../../../../harness/request.ts";
import { EXTERNAL_ADDRESS, skipWithoutIPv6 } from "../../../support/addresses.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localNginxServer, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** Settings of an nginx before two hosts that answer with their names. */
async function twoHosts() {
  const directory = await temporaryDirectory();
  const hosts = await Promise.all(["app-1", "app-2"].map(host));
  const settings = nginxSettings({ directory, port: await freePort(), hosts });
  return { directory, hosts, settings, url: `http://127.0.0.1:${settings.port}` };
}

async function host(name: string) {
  const { port } = await serveHttp((asked, answer) => {
    answer.end(asked.url === "/actuator/health" ? '{"status":"UP"}' : name);
  });
  return { name, address: "127.0.0.1", port };
}

async function admit(directory: string, ...names: string[]): Promise<void> {
  for (const name of names) await rm(join(directory, "drained", name));
}

function drained(directory: string): Promise<string[]> {
  return readdir(join(directory, "drained")).then((names) =>
    names.filter((name) => !name.startsWith(".")).sort(),
  );
}

async function servedBy(url: string): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: 24 }, () => request(`${url}/`)));
  return new Set(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
}

describe("an nginx that is not running", () => {
  test("is started", async () => {
    const { directory, settings } = await twoHosts();
    expect(await serveNginx(settings)).toBe("started");
    expect(await runningNginx(directory)).toBeDefined();
    expect((await request(`${controlUrl(settings.port)}/rollgate/configuration`)).body).toMatch(
      /^stock [0-9a-f]{16}$/,
    );
  });

  test("starts with every host drained: none has passed its gates yet", async () => {
    const { directory, settings, url } = await twoHosts();
    await serveNginx(settings);
    expect(await drained(directory)).toEqual(["app-1", "app-2"]);
    expect(await servedBy(url)).toEqual(new Set(["503"]));
  });

  test("comes back with its hosts as they were", async () => {
    const { directory, settings, url } = await twoHosts();
    await serveNginx(settings);
    await admit(directory, "app-2");
    await quitNginx(directory, 5);
    await expect(request(`${url}/`)).rejects.toThrow("ECONNREFUSED");
    expect(await serveNginx(settings)).toBe("started");
    expect(await servedBy(url)).toEqual(new Set(["app-2"]));
  });

  test("is not started on a port that is taken, and the process is named", async () => {
    const { directory, settings } = await twoHosts();
    const { pid } = await startNode(listenOn(settings.port), { args: ["somebody"] });
    await expect(serveNginx(settings)).rejects.toThrow(
      expect.objectContaining({
        code: "port-taken",
        message: expect.stringMatching(
          new RegExp(`^port ${settings.port} of nginx is taken by pid ${pid} \\(${process.execPath} .*\\)$`),
        ),
      }),
    );
    expect(await runningNginx(directory)).toBeUndefined();
  });

  test("is not started on the port of another nginx of ours, which is named without the padding of its title", async () => {
    const first = await twoHosts();
    await serveNginx(first.settings);
    const directory = await temporaryDirectory();
    await expect(serveNginx({ ...first.settings, directory })).rejects.toThrow(
      /^port \d+ of nginx is taken by pid \d+ \(nginx: master process \S.*\S\)$/,
    );
  });

  test("is not started on all addresses if one of them is taken, and the process is named", async () => {
    const { settings } = await twoHosts();
    const { pid } = await startNode(listenOn(settings.port));
    await expect(serveNginx({ ...settings, address: "0.0.0.0" })).rejects.toThrow(`is taken by pid ${pid} (`);
  });

  test("is stopped again when its port is taken at the last moment, and leaves no configuration", async () => {
    const { directory, settings } = await twoHosts();
    const taken = { ...settings, port: await freePort() };
    await expect(serveConfiguration(await takenAfterTest(taken), taken, 5)).rejects.toThrow(
      /^nginx rejected its configuration: .*Address already in use.*\. nginx is stopped\.$/,
    );
    expect(await runningNginx(directory)).toBeUndefined();
    expect((await readdir(directory)).filter((name) => name.startsWith("nginx.conf"))).toEqual([]);
    expect(await serveNginx(settings)).toBe("started");
  });

  test("has its previous configuration back if a start with another one fails", async () => {
    const { directory, settings } = await twoHosts();
    await serveNginx(settings);
    const before = await readFile(join(directory, "nginx.conf"), "utf8");
    await quitNginx(directory, 5);
    const moved = { ...settings, port: await freePort() };
    await expect(serveConfiguration(await takenAfterTest(moved), moved, 5)).rejects.toThrow(
      /Address already in use.*\. nginx is stopped, with the old configuration in place\.$/,
    );
    expect(await readFile(join(directory, "nginx.conf"), "utf8")).toBe(before);
    expect(await runningNginx(directory)).toBeUndefined();
    expect(await serveNginx(settings)).toBe("started");
  });

  test.skipIf(EXTERNAL_ADDRESS === undefined)("may listen on an address that is not loopback", async () => {
    const { settings } = await twoHosts();
    expect(await serveNginx({ ...settings, address: EXTERNAL_ADDRESS ?? "" })).toBe("started");
  });
});

describe("a running nginx", () => {
  /** Both hosts admitted. */
  async function serving() {
    const parts = await twoHosts();
    await serveNginx(parts.settings);
    await admit(parts.directory, "app-1", "app-2");
    const master = await runningNginx(parts.directory);
    return { ...parts, master };
  }

  test("is left alone when nothing changes", async () => {
    const { directory, settings, url, master } = await serving();
    expect(await serveNginx(settings)).toBe("unchanged");
    expect(await runningNginx(directory)).toEqual(master);
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
  });

  test("serves a change after a reload by the same master", async () => {
    const { directory, settings, url, master } = await serving();
    const { body: before } = await request(`${controlUrl(settings.port)}/rollgate/configuration`);
    expect(await serveNginx({ ...settings, healthPath: "/health" })).toBe("reloaded");
    expect((await request(`${controlUrl(settings.port)}/rollgate/configuration`)).body).not.toBe(before);
    expect(await readFile(join(directory, "nginx.conf"), "utf8")).toContain("/health;");
    expect((await runningNginx(directory))?.pid).toBe(master?.pid);
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
  });

  test("is brought back to its settings if its file was edited", async () => {
    const { directory, settings } = await serving();
    const file = join(directory, "nginx.conf");
    const text = await readFile(file, "utf8");
    await writeFile(file, `${text}# edited\n`);
    expect(await serveNginx(settings)).toBe("reloaded");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test("moves to another port", async () => {
    const { settings, url } = await serving();
    const port = await freePort();
    expect(await serveNginx({ ...settings, port })).toBe("reloaded");
    expect(await servedBy(`http://127.0.0.1:${port}`)).toEqual(new Set(["app-1", "app-2"]));
    await expect(request(`${url}/`)).rejects.toThrow("ECONNREFUSED");
  });

  test("serves IPv4 and IPv6 at the address ::, and moves there from 0.0.0.0 and back", async (context) => {
    skipWithoutIPv6(context, "::1");
    const { directory, settings } = await twoHosts();
    const both = [`http://127.0.0.1:${settings.port}`, `http://[::1]:${settings.port}`] as const;
    const hosts = new Set(["app-1", "app-2"]);
    expect(await serveNginx({ ...settings, address: "0.0.0.0" })).toBe("started");
    await admit(directory, "app-1", "app-2");
    await expect(request(both[1])).rejects.toThrow("ECONNREFUSED");
    expect(await serveNginx({ ...settings, address: "::" })).toBe("reloaded");
    expect([await servedBy(both[0]), await servedBy(both[1])]).toEqual([hosts, hosts]);
    expect(await serveNginx({ ...settings, address: "0.0.0.0" })).toBe("reloaded");
    expect(await servedBy(both[0])).toEqual(hosts);
    await expect(request(both[1])).rejects.toThrow("ECONNREFUSED");
    await quitNginx(directory, 5);
    expect(await serveNginx({ ...settings, address: "::" })).toBe("started");
    expect([await servedBy(both[0]), await servedBy(both[1])]).toEqual([hosts, hosts]);
  });

  test("adds a new host drained, and the others keep serving", async () => {
    const { directory, hosts, settings, url } = await serving();
    expect(await serveNginx({ ...settings, hosts: [...hosts, await host("app-3")] })).toBe("reloaded");
    expect(await drained(directory)).toEqual(["app-3"]);
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
    await admit(directory, "app-3");
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("drains a host that moves to another port, since nothing of ours runs there yet", async () => {
    const { directory, hosts, settings, url } = await serving();
    const moved = { ...(await host("moved")), name: "app-2" };
    await serveNginx({ ...settings, hosts: [...hosts.slice(0, 1), moved] });
    expect(await drained(directory)).toEqual(["app-2"]);
    expect(await servedBy(url)).toEqual(new Set(["app-1"]));
  });

  test("removes a host, and leaves no flag behind", async () => {
    const { directory, hosts, settings, url } = await serving();
    expect(await serveNginx({ ...settings, hosts: hosts.slice(0, 1) })).toBe("reloaded");
    expect(await drained(directory)).toEqual([]);
    expect(await servedBy(url)).toEqual(new Set(["app-1"]));
  });

  test("does not wait for a dead host, whatever connections it still has", async () => {
    const { hosts, settings, directory, url } = await twoHosts();
    const { port, server } = await serveHttp((asked, answer) => {
      if (asked.url === "/actuator/health") answer.end('{"status":"UP"}');
    });
    const dying = { name: "app-3", address: "127.0.0.1", port };
    await serveNginx({ ...settings, hosts: [...hosts, dying] });
    await admit(directory, "app-1", "app-3");
    const [stuck] = await Promise.all([once(server, "connection"), busyUntilStuck(url, server)]);
    server.close();
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    onTestFinished(() => void log.mockRestore());
    expect(await serveNginx(settings)).toBe("reloaded");
    expect(stuck[0].destroyed).toBe(false);
    expect(log).not.toHaveBeenCalled();
  });

  test("keeps a drained host drained through a change of other settings", async () => {
    const { directory, settings, url } = await serving();
    await writeFile(join(directory, "drained", "app-1"), "");
    await serveNginx({ ...settings, statusAllow: ["192.0.2.0/24"] });
    expect(await servedBy(url)).toEqual(new Set(["app-2"]));
  });

  test("keeps serving if the new configuration fails its test, and its hosts are not touched", async () => {
    const { directory, hosts, settings, url } = await serving();
    const before = await readFile(join(directory, "nginx.conf"), "utf8");
    const broken = {
      ...settings,
      hosts: [...hosts.slice(0, 1), await host("app-3")],
      healthPath: "/a; nonsense",
    };
    await expect(serveNginx(broken)).rejects.toThrow(
      expect.objectContaining({
        code: "nginx-refused",
        message: expect.stringMatching(/^nginx rejected its configuration: .*\[emerg\]/),
      }),
    );
    expect(await readFile(join(directory, "nginx.conf"), "utf8")).toBe(before);
    expect(await drained(directory)).toEqual([]);
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
    expect(await serveNginx(settings)).toBe("unchanged");
  });

  test("gets its old file and its old hosts back if its new port is taken", {
    timeout: 60_000,
  }, async () => {
    const { directory, hosts, settings, url } = await serving();
    const before = await readFile(join(directory, "nginx.conf"), "utf8");
    const port = await freePort();
    await startNode(listenOn(port));
    const error: Error = await serveNginx({ ...settings, port, hosts: hosts.slice(0, 1) }).catch(
      (thrown) => thrown,
    );
    expect(error.message).toContain(String(port));
    expect(error.message).toMatch(/\. The old configuration is back in use\.$/);
    expect(await readFile(join(directory, "nginx.conf"), "utf8")).toBe(before);
    expect(await drained(directory)).toEqual([]);
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
    expect(await serveNginx(settings)).toBe("unchanged");
  });

  test("is not reported as serving its old file if it never did", { timeout: 60_000 }, async () => {
    const { directory, settings, url } = await serving();
    const file = join(directory, "nginx.conf");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll(/[0-9a-f]{16}(?=";)/g, "0123456789abcdef"));
    const port = await freePort();
    await startNode(listenOn(port));
    vi.spyOn(MachineNginxServer.prototype, "reload").mockResolvedValue();
    onTestFinished(() => void vi.restoreAllMocks());
    await expect(serveNginx({ ...settings, port })).rejects.toThrow(
      /\. The old configuration is back, but nginx does not serve it\.$/,
    );
    expect(await servedBy(url)).toEqual(new Set(["app-1", "app-2"]));
  });

  test("does not remove a host while no other is healthy", async () => {
    const { directory, hosts, settings, url } = await serving();
    await writeFile(join(directory, "drained", "app-2"), "");
    await expect(serveNginx({ ...settings, hosts: hosts.slice(1) })).rejects.toThrow(
      expect.objectContaining({
        code: "topology-outage",
        message:
          "hosts: expected at least one healthy host that stays where it is, got app-2, not healthy: change or remove hosts one at a time. nginx was not changed.",
      }),
    );
    expect(await drained(directory)).toEqual(["app-2"]);
    expect(await servedBy(url)).toEqual(new Set(["app-1"]));
  });

  test("rejects moving every host at once, and clients do not notice", async () => {
    const { settings, url } = await serving();
    const hosts = await Promise.all(
      settings.hosts.map(async ({ name }) => ({ ...(await host("new")), name })),
    );
    const seen = new Set<string>();
    let changing = true;
    const client = (async () => {
      while (changing) seen.add((await request(`${url}/`)).body);
    })();
    await expect(serveNginx({ ...settings, hosts })).rejects.toThrow(
      "hosts: expected at least one healthy host that stays where it is, got none: change or remove hosts one at a time. nginx was not changed.",
    );
    await servedBy(url);
    changing = false;
    await client;
    expect(seen).toEqual(new Set(["app-1", "app-2"]));
  });
});

test("a change is not seen before the new workers serve it", async () => {
  const { settings } = await twoHosts();
  await serveNginx(settings);
  const changed: NginxSettings = { ...settings, statusAllow: ["192.0.2.1"] };
  await serveNginx(changed);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      request(`${controlUrl(settings.port)}/rollgate/configuration`).then(({ body }) => body),
    ),
  );
  expect(new Set(answers).size).toBe(1);
});

test("a reload under busy keep-alive clients loses no request", async () => {
  const { directory, settings, url } = await twoHosts();
  await serveNginx(settings);
  await admit(directory, "app-1", "app-2");
  const clients = await busyClients(url, 8);
  for (const slowestRequestSeconds of [61, 62]) {
    expect(await serveNginx({ ...settings, slowestRequestSeconds })).toBe("reloaded");
  }
  const { answered, lost } = await clients.stop();
  expect(lost).toEqual([]);
  expect(answered).toBeGreaterThan(1000);
  expect(await readdir(directory)).not.toContain("close-connections");
});

/** A server whose port somebody takes after nginx has tested its configuration. */
async function takenAfterTest(settings: NginxSettings): Promise<NginxServer> {
  const server = localNginxServer(settings);
  const propose = server.propose.bind(server);
  server.propose = async (configuration) => {
    await propose(configuration);
    await startNode(listenOn(settings.port));
  };
  return server;
}

/** Sends requests until one of them has reached this host, which never answers it. */
async function busyUntilStuck(url: string, server: Server): Promise<void> {
  const reached = once(server, "request");
  const client = new AbortController();
  onTestFinished(() => client.abort());
  const asked = Array.from({ length: 12 }, () => fetch(url, { signal: client.signal }).catch(() => {}));
  await reached;
  await Promise.race(asked);
}

/** Clients with one connection each, which send the next request as soon as they have the answer. */
async function busyClients(url: string, count: number) {
  let isOver = false;
  let answered = 0;
  const lost: string[] = [];
  const run = async () => {
    const client = new Client(url, { pipelining: 1 });
    while (!isOver) {
      try {
        const { statusCode, body } = await client.request({ method: "POST", path: "/" });
        await body.dump();
        if (statusCode === 200) answered++;
        else lost.push(String(statusCode));
      } catch (error) {
        lost.push(String(error));
      }
      await sleep(2);
    }
    await client.destroy();
  };
  const running = Array.from({ length: count }, run);
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(running);
      return { answered, lost };
    },
  };
}

import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { hostsInARow, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

describe("a running nginx", () => {
  /** Hosts that answer their name and what they were asked, behind a running nginx, all admitted. */
  async function run(size: number, settings: Partial<NginxSettings> = {}) {
    const directory = join(await temporaryDirectory(), "my nginx");
    const servers = await Promise.all(
      hostsInARow(size).map(({ name }) =>
        serveHttp((asked, answer) => {
          answer.end(JSON.stringify({ name, url: asked.url, headers: asked.headers }));
        }),
      ),
    );
    const hosts = hostsInARow(size).map((host, index) => ({ ...host, port: servers[index]?.port ?? 0 }));
    const port = await freePort();
    await mkdir(directory);
    await serveNginx(nginxSettings({ directory, port, hosts, ...settings }));
    const url = `http://127.0.0.1:${port}`;
    const drain = async (...names: string[]) => {
      for (const name of names) await writeFile(join(directory, "drained", name), "");
    };
    const admit = async (...names: string[]) => {
      for (const name of names) await rm(join(directory, "drained", name));
    };
    /** Who answers the next requests: enough of them that every worker sends some to every host. */
    const served = async () => {
      const answers = await Promise.all(Array.from({ length: 48 }, () => request(`${url}/`)));
      return new Set(answers.map(({ body }) => JSON.parse(body).name));
    };
    await admit(...hosts.map(({ name }) => name));
    return { url, port, control: controlUrl(port), servers, drain, admit, served };
  }

  test("sends requests to every host", async () => {
    const { served } = await run(3);
    expect(await served()).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("sends the next request elsewhere once there is a flag, and back once it is gone", async () => {
    const { served, drain, admit } = await run(3);
    await drain("app-2");
    expect(await served()).toEqual(new Set(["app-1", "app-3"]));
    await drain("app-1");
    expect(await served()).toEqual(new Set(["app-3"]));
    await admit("app-2", "app-1");
    expect(await served()).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("says which hosts are drained", async () => {
    const { control, drain } = await run(3);
    await drain("app-3", "app-1");
    expect((await request(`${control}/rollgate/drained`)).body).toBe("market_drained_1_3 app-1 app-3 ");
  });

  test("answers 503 with Retry-After when every host is drained", async () => {
    const { url, drain } = await run(2);
    await drain("app-1", "app-2");
    const { status, headers, body } = await request(`${url}/`);
    expect([status, headers["retry-after"], body]).toEqual([503, "5", "no host takes traffic\n"]);
  });

  test("answers 503 when its only host is drained", async () => {
    const { url, drain, served } = await run(1);
    expect(await served()).toEqual(new Set(["app-1"]));
    await drain("app-1");
    expect((await request(`${url}/`)).status).toBe(503);
  });

  test.each([
    ["the first six of seven", 7, 0, 6],
    ["two of twelve", 12, 5, 7],
    ["all of twelve but the first, as in a first deployment", 12, 1, 12],
  ])("never sends a request to a drained host: %s", async (_, size, from, to) => {
    const { served, drain } = await run(size);
    const names = hostsInARow(size).map(({ name }) => name);
    await drain(...names.slice(from, to));
    for (const name of await served()) expect(names.toSpliced(from, to - from)).toContain(name);
  });

  test("tells the application who asked, and for which host", async () => {
    const { url, port } = await run(1);
    const { body } = await request(`${url}/a%20b?c=d`);
    expect(JSON.parse(body)).toMatchObject({
      url: "/a%20b?c=d",
      headers: {
        host: `127.0.0.1:${port}`,
        "x-real-ip": "127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": `127.0.0.1:${port}`,
        "x-forwarded-port": String(port),
      },
    });
  });

  test.each([
    ["shop.example", "80"],
    ["shop.example:8443", "8443"],
    ["[2001:db8::1]", "80"],
    ["[2001:db8::1]:81", "81"],
  ])("tells the application the port that a client uses with %s", async (Host, port) => {
    const { url } = await run(1);
    const { headers } = JSON.parse((await request(url, { headers: { Host } })).body);
    expect([headers.host, headers["x-forwarded-host"], headers["x-forwarded-port"]]).toEqual([
      Host,
      Host,
      port,
    ]);
  });

  test("passes on nothing that a client claims about its address or identity", async () => {
    const { url, port } = await run(1);
    const forged = [
      "Forwarded",
      ...[
        "For",
        "Proto",
        "Host",
        "Port",
        "Prefix",
        "Ssl",
        "By",
        "Server",
        "Scheme",
        "Protocol",
        "Context",
      ].map((name) => `X-Forwarded-${name}`),
      ...["Path", "Uri", "Method", "User", "Email", "Groups", "Preferred-Username", "Access-Token"].map(
        (name) => `X-Forwarded-${name}`,
      ),
      ...["X-Forwarded-Client-Cert", "X-Real-IP", "X-Proxied-Https", "Proxy-Auth-Cert", "Proxy-Ssl-Id"],
    ];
    const { body } = await request(url, {
      headers: Object.fromEntries([...forged, "X-Own"].map((name) => [name, "forged"])),
    });
    expect(JSON.parse(body).headers).toEqual({
      host: `127.0.0.1:${port}`,
      "x-real-ip": "127.0.0.1",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": `127.0.0.1:${port}`,
      "x-forwarded-port": String(port),
      "x-own": "forged",
    });
  });

  test("asks the health endpoint of one host, drained or not", async () => {
    const { control, drain } = await run(2);
    await drain("app-2");
    const { body } = await request(`${control}/rollgate/health/app-2`);
    expect(JSON.parse(body)).toMatchObject({ name: "app-2", url: "/actuator/health" });
    expect((await request(`${control}/rollgate/health/app-3`)).status).toBe(404);
  });

  test("requests any page of one host for the rollout, drained or not", async () => {
    const { control, drain } = await run(2);
    await drain("app-2");
    const { body } = await request(`${control}/rollgate/warm-up/app-2/orders?page=1`);
    expect(JSON.parse(body)).toMatchObject({ name: "app-2", url: "/orders?page=1" });
    expect(JSON.parse((await request(`${control}/rollgate/warm-up/app-1/`)).body)).toMatchObject({
      name: "app-1",
      url: "/",
    });
    expect((await request(`${control}/rollgate/warm-up/app-3/`)).status).toBe(404);
  });

  test("tries the next host if one refuses connections", async () => {
    const { servers, served } = await run(3);
    for (const { server } of servers.slice(0, 1)) await close(server);
    expect(await served()).toEqual(new Set(["app-2", "app-3"]));
  });

  test("serves an HTTP/1.0 client that sends no Host", async () => {
    const { port } = await run(1);
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.write("GET / HTTP/1.0\r\n\r\n");
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString("utf8")).toMatch(/^HTTP\/1\.1 200 /);
  });
});

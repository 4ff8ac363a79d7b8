import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { request } from "../../../../../harness/request.ts";
import { until } from "../../../../../harness/until.ts";
import { localNginxAccess } from "../../../../support/nginx.ts";
import { type Site, serveSite } from "../../../../support/siteNginx.ts";

const ROTATION = { rotateMegabytes: 100, keep: 5 };
const JSON_LOG = { format: "json", ...ROTATION } as const;

/** The lines of the log once there are so many. */
async function linesOf(
  { directory }: Pick<Site, "directory">,
  count: number,
  name = "access.log",
): Promise<string[]> {
  const read = async () =>
    (await readFile(join(directory, "logs", name), "utf8").catch(() => "")).split("\n").filter(Boolean);
  await until(async () => (await read()).length >= count, 5);
  return read();
}

test("without a setting, no request is logged", async () => {
  const { url, directory } = await serveSite({});
  await request(url);
  await expect(readFile(join(directory, "logs", "access.log"))).rejects.toThrow("ENOENT");
});

test("the combined format is nginx's own, with the client's address", async () => {
  const site = await serveSite({
    accessLog: { format: "combined", ...ROTATION },
    trustedProxies: ["127.0.0.1"],
    forwardedBy: "forwarded",
  });
  const headers = { Forwarded: "for=192.0.2.7", "User-Agent": "curl/8", Referer: "https://a.example/" };
  await request(`${site.url}/orders?page=1`, { headers });
  const [line] = await linesOf(site, 1);
  expect(line).toMatch(
    /^192\.0\.2\.7 - - \[[^\]]+\] "GET \/orders\?page=1 HTTP\/1\.1" 200 \d+ "https:\/\/a\.example\/" "curl\/8"$/,
  );
});

describe("the JSON format", () => {
  test("says who asked for what, who answered, and how long that took", async () => {
    const site = await serveSite({ accessLog: JSON_LOG });
    const { body } = await request(`${site.url}/orders?token=secret`, {
      headers: { "User-Agent": 'a "b"\\' },
    });
    const [line = ""] = await linesOf(site, 1);
    const told = JSON.parse(line);
    expect(told).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/),
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client: "127.0.0.1",
      scheme: "http",
      host: `127.0.0.1:${site.port}`,
      method: "GET",
      path: "/orders",
      protocol: "HTTP/1.1",
      status: 200,
      bytes: Buffer.byteLength(body),
      seconds: expect.any(Number),
      upstream: `127.0.0.1:${site.settings.hosts[0]?.port}`,
      upstreamStatus: 200,
      upstreamSeconds: expect.any(Number),
      release: "",
      agent: 'a "b"\\',
    });
    expect(JSON.parse(body).headers["x-request-id"]).toBe(told.id);
  });

  test("a request that reaches no host is logged too, and one that tries two names both", async () => {
    const site = await serveSite({ accessLog: JSON_LOG, errorPages: { 503: { path: "a.html", text: "a" } } });
    await site.drain("app-1");
    await request(`${site.url}/nobody`);
    const [line = ""] = await linesOf(site, 1);
    expect(JSON.parse(line)).toMatchObject({
      path: "/nobody",
      status: 503,
      upstream: "",
      upstreamStatus: null,
      upstreamSeconds: null,
      release: "",
    });
  });

  test("a trusted proxy may say the identifier of a request, a client may not", async () => {
    const ask = async (trustedProxies: string[]) => {
      const site = await serveSite({ accessLog: JSON_LOG, trustedProxies });
      const { body } = await request(site.url, { headers: { "X-Request-ID": "from-outside" } });
      const [line = ""] = await linesOf(site, 1);
      expect(JSON.parse(line).id).toBe(JSON.parse(body).headers["x-request-id"]);
      return JSON.parse(line).id;
    };
    expect(await ask(["127.0.0.1"])).toBe("from-outside");
    expect(await ask(["203.0.113.1"])).not.toBe("from-outside");
  });

  test("names the release of the host that answered, without a reload", async () => {
    const site = await serveSite(
      { accessLog: JSON_LOG },
      { size: 2, answer: (name) => (_, answer) => void answer.end(name) },
    );
    const proxy = new NginxProxy(localNginxAccess(site.settings));
    const admit = async (name: string, release: string) => {
      const host = site.settings.hosts.find((each) => each.name === name);
      if (!host) throw new Error(`no host ${name}`);
      proxy.answers(Object.assign(Object.create(null), host), release);
      // As the group of several nginx does for one that was lost.
      await proxy.mark(name, false);
    };
    await admit("app-1", "1.0.0-aaaaaaaaaaaa");
    await admit("app-2", "1.0.0-aaaaaaaaaaaa");
    await admit("app-2", "1.1.0-bbbbbbbbbbbb.war");
    const answers = await Promise.all(Array.from({ length: 12 }, () => request(site.url)));
    const told = (await linesOf(site, 12)).map((line) => JSON.parse(line));
    const count = (of: string) => told.filter(({ release }) => release === of).length;
    const answered = (name: string) => answers.filter(({ body }) => body === name).length;
    expect(count("1.0.0-aaaaaaaaaaaa")).toBe(answered("app-1"));
    expect(count("1.1.0-bbbbbbbbbbbb.war")).toBe(answered("app-2"));
    expect(answered("app-1") * answered("app-2")).toBeGreaterThan(0);
  });

  test("a link that is missing costs the release and nothing else", async () => {
    const site = await serveSite({ accessLog: JSON_LOG });
    await rm(join(site.directory, "serving"), { recursive: true });
    expect((await request(site.url)).status).toBe(200);
    const [line = ""] = await linesOf(site, 1);
    expect(JSON.parse(line)).toMatchObject({ status: 200, release: "" });
  });

  test("files that nginx serves itself have no release", async () => {
    const folder = join((await serveSite({})).directory, "..");
    await writeFile(join(folder, "a.txt"), "a");
    const site = await serveSite({ accessLog: JSON_LOG, staticFiles: [{ path: "/files", folder }] });
    expect((await request(`${site.url}/files/a.txt`)).status).toBe(200);
    const [line = ""] = await linesOf(site, 1);
    expect(JSON.parse(line)).toMatchObject({ path: "/files/a.txt", upstream: "", release: "" });
  });
});

test("the log may be somewhere else", async () => {
  const folder = join((await serveSite({})).directory, "..");
  const site = await serveSite({ accessLog: { ...JSON_LOG, path: join(folder, "shop.log") } });
  await request(site.url);
  await until(async () => (await readFile(join(folder, "shop.log"), "utf8")).includes('"status":200'), 5);
});

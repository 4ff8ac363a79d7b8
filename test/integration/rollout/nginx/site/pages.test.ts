import { once } from "node:events";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { request } from "../../../../../harness/request.ts";
import { localNginxServer } from "../../../../support/nginx.ts";
import { serveSite } from "../../../../support/siteNginx.ts";
import { temporaryDirectory } from "../../../../support/temporaryDirectory.ts";

const page = (path: string, text: string) => ({ path, text });
const SORRY = page("pages/502.html", "<h1>Sorry</h1>\n");
const NOBODY = [{ name: "app-1", address: "127.0.0.1", port: 9 }];

describe("error pages", () => {
  test("nginx's own errors have the user's pages, also for a POST and on every way", async () => {
    const errorPages = { 502: SORRY, 413: page("big.json", '{"error":"too big"}\n') };
    const { url } = await serveSite({ errorPages, hosts: NOBODY, maxBodySize: "1k" });
    const got = await request(`${url}/any?where=1`);
    expect([got.status, got.body, got.headers["content-type"]]).toEqual([
      502,
      SORRY.text,
      "text/html; charset=utf-8",
    ]);
    const stream = await request(url, { headers: { Accept: "text/event-stream" } });
    expect([stream.status, stream.body]).toEqual([502, SORRY.text]);
    const posted = send(url, { agent: false, method: "POST" }).end("x".repeat(2_000));
    const [response] = await once(posted, "response");
    expect([response.statusCode, response.headers["content-type"]]).toEqual([413, "application/json"]);
    const small = send(url, { agent: false, method: "POST" }).end("x");
    const [answer] = await once(small, "response");
    expect(answer.statusCode).toBe(502);
  });

  test("so have errors of requests that reach no location, and of paths that are closed", async () => {
    const errorPages = { 400: page("400.html", "bad\n"), 404: SORRY, 414: page("414.txt", "too long\n") };
    const { url, port } = await serveSite({ errorPages, closedPaths: ["/actuator"] });
    expect(await request(`${url}/actuator/env`)).toMatchObject({ status: 404, body: SORRY.text });
    const raw = async (text: string) => {
      const client = connect(port, "127.0.0.1");
      client.write(text);
      let answer = "";
      for await (const chunk of client) answer += chunk;
      return answer;
    };
    const long = await raw(`GET /${"x".repeat(20_000)} HTTP/1.0\r\n\r\n`);
    expect([long.slice(9, 12), long.endsWith("too long\n")]).toEqual(["414", true]);
    const large = await raw(`GET / HTTP/1.0\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    expect([large.slice(9, 12), large.endsWith("bad\n")]).toEqual(["400", true]);
  });

  test("an error that the application answers stays its own", async () => {
    const failing = () => (_: unknown, answer: { statusCode: number; end(text: string): unknown }) => {
      answer.statusCode = 502;
      answer.end("from the application");
    };
    const { url } = await serveSite({ errorPages: { 502: SORRY } }, { answer: failing });
    expect((await request(url)).body).toBe("from the application");
  });

  test("if no host takes traffic, the page of 503 says when to come again", async () => {
    const site = await serveSite({ errorPages: { 503: SORRY } });
    await site.drain("app-1");
    const { status, body, headers } = await request(site.url);
    expect([status, body, headers["retry-after"]]).toEqual([503, SORRY.text, "5"]);
  });

  test("no client reaches a page by its own path", async () => {
    const { url } = await serveSite({ errorPages: { 502: SORRY } });
    expect((await request(`${url}/.market/502`)).status).toBe(404);
  });
});

describe("maintenance", () => {
  test("everybody gets 503 with Retry-After, and no request reaches a host", async () => {
    const asked: (string | undefined)[] = [];
    const counting = () => (message: IncomingMessage, answer: ServerResponse) => {
      asked.push(message.url);
      answer.end();
    };
    const { url } = await serveSite({ maintenance: true }, { answer: counting });
    for (const headers of [
      {},
      { Accept: "text/event-stream" },
      { Connection: "Upgrade", Upgrade: "websocket" },
    ]) {
      const { status, headers: said, body } = await request(`${url}/orders`, { headers });
      expect([status, said["retry-after"], body]).toEqual([503, "120", "down for maintenance\n"]);
    }
    expect(asked).toEqual([]);
  });

  test("it may have a page of its own, which is not the one of other errors", async () => {
    const { url } = await serveSite({
      maintenance: page("back-soon.html", "Back soon\n"),
      errorPages: { 503: SORRY },
    });
    const { status, headers, body } = await request(url);
    expect([status, headers["retry-after"], body]).toEqual([503, "120", "Back soon\n"]);
  });

  test("it begins and ends with a reload", async () => {
    const { url, settings } = await serveSite({});
    const server = localNginxServer(settings);
    const serve = (more: Partial<NginxSettings>) => serveConfiguration(server, { ...settings, ...more }, 5);
    expect(await serve({ maintenance: true })).toBe("reloaded");
    expect((await request(url)).status).toBe(503);
    expect(await serve({})).toBe("reloaded");
    expect((await request(url)).status).toBe(200);
  }, 40_000);
});

describe("static files", () => {
  async function serveFolder() {
    const folder = join(await temporaryDirectory(), "the shop");
    await mkdir(join(folder, "css"), { recursive: true });
    await writeFile(join(folder, "css", "site.css"), "body {}\n");
    await writeFile(join(folder, "app.mjs"), "export {};\n");
    await writeFile(join(folder, "..", "secret"), "secret\n");
    return { folder, site: await serveSite({ staticFiles: [{ path: "/assets", folder }] }) };
  }

  test("nginx serves them itself, with their types, and the rest is the application's", async () => {
    const { site } = await serveFolder();
    const css = await request(`${site.url}/assets/css/site.css`);
    expect([css.status, css.body, css.headers["content-type"]]).toEqual([
      200,
      "body {}\n",
      "text/css; charset=utf-8",
    ]);
    const script = await request(`${site.url}/assets/app.mjs`);
    expect(script.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect((await request(`${site.url}/assets/none.css`)).status).toBe(404);
    expect((await request(`${site.url}/assets/css/`)).status).toBe(403);
    expect(JSON.parse((await request(`${site.url}/assetstore`)).body).url).toBe("/assetstore");
  });

  test("no path leads out of the folder", async () => {
    const { site } = await serveFolder();
    for (const path of [
      "/assets/../secret",
      "/assets/%2e%2e/secret",
      "/assets/..%2fsecret",
      "/assets../secret",
    ]) {
      const sent = send({ host: "127.0.0.1", port: site.port, path, agent: false }).end();
      const [response] = await once(sent, "response");
      let body = "";
      for await (const chunk of response) body += chunk;
      expect(body).not.toBe("secret\n");
    }
  });

  test("a folder that is not there is rejected before anything changes", async () => {
    const { url, settings } = await serveSite({});
    const staticFiles = [{ path: "/assets", folder: "/nowhere/at all" }];
    await expect(
      serveConfiguration(localNginxServer(settings), { ...settings, staticFiles }, 5),
    ).rejects.toThrow(
      "staticFiles[0].folder: expected a folder on nginx's machine, found none at /nowhere/at all",
    );
    expect((await request(url)).status).toBe(200);
  });
});

describe("own directives", () => {
  const OWN = page(
    "conf/own.conf",
    'location = /own { return 200 "own\\n"; }\nadd_header X-Own yes always;\n',
  );

  test("they are part of our server block, and of the configuration that is served", async () => {
    const { url, settings, directory } = await serveSite({ directives: OWN });
    expect((await request(`${url}/own`)).body).toBe("own\n");
    const server = localNginxServer(settings);
    const changed = page("conf/own.conf", 'location = /own { return 200 "other\\n"; }\n');
    expect(await serveConfiguration(server, settings, 5)).toBe("unchanged");
    expect(await serveConfiguration(server, { ...settings, directives: changed }, 5)).toBe("reloaded");
    expect((await request(`${url}/own`)).body).toBe("other\n");
    expect((await readdir(directory)).filter((name) => /^rollgate-.*\.conf$/.test(name))).toHaveLength(1);
  }, 40_000);

  test.each([
    [
      "an unknown directive",
      "# one\nmake_it_fast on;\n",
      /own\.conf: .*unknown directive "make_it_fast" in conf\/own\.conf:2$/,
    ],
    ["a brace too many", "}\n", /unexpected "}" in conf\/own\.conf:1$/],
    ["a line without an end", "gzip on", /unexpected end of file.* in conf\/own\.conf:1$/],
    [
      "a location that is ours",
      "location / { return 200; }\n",
      /duplicate location "\/" in conf\/own\.conf:1$/,
    ],
  ])(
    "with %s, they are rejected with the user's own file and line, and nothing changes",
    async (_, text, line) => {
      const { url, settings } = await serveSite({});
      const server = localNginxServer(settings);
      const refused = serveConfiguration(server, { ...settings, directives: page("conf/own.conf", text) }, 5);
      await expect(refused).rejects.toThrow(line);
      await expect(refused).rejects.toThrow(/^directives: nginx rejected conf\/own\.conf: [^\n]*$/);
      expect((await request(url)).status).toBe(200);
      expect(await serveConfiguration(server, settings, 5)).toBe("unchanged");
    },
  );

  test("a file that is gone or was edited on nginx's machine is drift", async () => {
    const { settings, directory } = await serveSite({ directives: OWN });
    const server = localNginxServer(settings);
    const [name = ""] = (await readdir(directory)).filter(
      (each) => each.endsWith(".conf") && each.startsWith("rollgate"),
    );
    await writeFile(join(directory, name), "# edited\n");
    expect(await server.served()).toContain(`# ${name} was edited\n`);
    await rm(join(directory, name));
    expect(await server.served()).toContain(`# ${name} is missing\n`);
    await serveConfiguration(server, settings, 5);
    expect(await server.served()).not.toContain("is missing");
  }, 40_000);
});

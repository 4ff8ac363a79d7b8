import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, type TestContext, test } from "vitest";
import { testConfiguration } from "#kinds/local/nginxProcess.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { hostsOf, renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { EXTERNAL_ADDRESS, skipWithoutIPv6 } from "../../../support/addresses.ts";
import { freePort } from "../../../support/freePort.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import {
  NJS_NGINX_MILLISECONDS,
  type NjsNginx,
  njsNginx,
  skipWithoutNjs,
} from "../../../support/njsNginx.ts";
import { request } from "../../../support/request.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

function fleet(size: number, name = (number: number) => `app-${number}`) {
  return Array.from({ length: size }, (_, index) => ({
    name: name(index + 1),
    address: "127.0.0.1",
    port: 8081 + index,
  }));
}

describe("the real nginx accepts the configuration", () => {
  async function accepts(settings: Partial<NginxSettings>, subdirectory = ""): Promise<void> {
    const directory = join(await temporaryDirectory(), subdirectory);
    for (const part of ["logs", "temp"]) await mkdir(join(directory, part), { recursive: true });
    const { text } = renderConfiguration(nginxSettings({ directory, port: await freePort(), ...settings }));
    await writeFile(join(directory, "nginx.conf"), text);
    await expect(testConfiguration(NGINX, directory, "nginx.conf")).resolves.toBeUndefined();
  }

  test.each([1, 2, 3, 7, 12, 50])("with %d hosts", async (size) => {
    await accepts({ hosts: fleet(size) });
  });

  test("with many hosts whose names are as long as they may be", async () => {
    await accepts({ hosts: fleet(12, (number) => `a${"b".repeat(28)}-${String(number).padStart(2, "0")}`) });
  });

  test("with IPv6 hosts, on an IPv6 address", async (context) => {
    skipWithoutIPv6(context, "::1");
    await accepts({
      address: "::1",
      hosts: [
        { name: "app-1", address: "::1", port: 8081 },
        { name: "app-2", address: "2001:db8:0:0:0:0:0:1", port: 8082 },
      ],
    });
  });

  test.each(["a b", "it's", "semi;colon {brace}", "# hash", "ünïcode"])(
    "in a directory called %j",
    async (name) => {
      await accepts({}, name);
    },
  );

  test("with addresses and networks that may read /status", async () => {
    await accepts({ statusAllow: ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "2001:db8::1"] });
  });

  test("with a health path of every character that settings let through", async () => {
    await accepts({ healthPath: "/Az09._~!&()*+,=:@%20/-" });
  });
});

describe("an nginx with its JavaScript module accepts the configuration", () => {
  let nginx: NjsNginx;
  beforeAll(async () => {
    nginx = await njsNginx();
  }, NJS_NGINX_MILLISECONDS);

  async function accepts(context: TestContext, settings: Partial<NginxSettings>, subdirectory = "") {
    const { executable, module } = skipWithoutNjs(context, nginx);
    const directory = join(await temporaryDirectory(), subdirectory);
    for (const part of ["logs", "temp"]) await mkdir(join(directory, part), { recursive: true });
    const njs = { flavour: "njs", ...(module && { njsModule: module }) } as const;
    const rendered = renderConfiguration(
      nginxSettings({ directory, port: await freePort(), ...njs, ...settings }),
    );
    for (const { name, text } of rendered.files) await writeFile(join(directory, name), text);
    await writeFile(join(directory, "nginx.conf"), rendered.text);
    await expect(testConfiguration(executable, directory, "nginx.conf")).resolves.toBeUndefined();
  }

  test.for([1, 2, 8, 12, 50])("with %d hosts", async (size, context) => {
    await accepts(context, { hosts: fleet(size) });
  });

  test("with many hosts whose names are as long as they may be", async (context) => {
    const name = (number: number) => `a${"b".repeat(28)}-${String(number).padStart(2, "0")}`;
    await accepts(context, { hosts: fleet(22, name) });
  });

  test.for(["a b", "it's", "semi;colon {brace}", "# hash", "ünïcode"])(
    "in a directory called %j",
    async (name, context) => {
      await accepts(context, {}, name);
    },
  );
});

describe("the bytes of the configuration", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });

  test("the same settings give the same bytes", () => {
    expect(renderConfiguration(structuredClone(settings))).toEqual(renderConfiguration(settings));
  });

  test.each<[string, Partial<NginxSettings>]>([
    ["the port", { port: 8090 }],
    ["a host", { hosts: fleet(3) }],
    ["the order of hosts", { hosts: fleet(2).reverse() }],
    ["the health path", { healthPath: "/health" }],
    ["who may read /status", { statusAllow: ["10.0.0.0/8"] }],
    ["the flavour", { flavour: "check-module" }],
    ["the other flavour", { flavour: "njs" }],
    ["the user", { user: "www-data" }],
  ])("%s changes the fingerprint that nginx answers with", (_, change) => {
    const { text, fingerprint } = renderConfiguration({ ...settings, ...change });
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint).not.toBe(renderConfiguration(settings).fingerprint);
    expect(text).toContain(`${fingerprint}";`);
  });

  test("what only the script says changes the fingerprint, too", () => {
    const njs = { ...settings, flavour: "njs" } as const;
    const { fingerprint } = renderConfiguration(njs);
    for (const check of [{ rise: 7 }, { fall: 7 }, { expect: ["200"] }, { path: "/ready" }]) {
      const changed = renderConfiguration({ ...njs, check: { ...njs.check, ...check } });
      expect(changed.fingerprint).not.toBe(fingerprint);
    }
  });

  test("the user is named only when nginx is started by root", () => {
    const { user: _, ...withoutUser } = settings;
    expect(renderConfiguration({ ...withoutUser, user: "root" }).text).toMatch(/^user root;$/m);
    expect(renderConfiguration(withoutUser).text).not.toMatch(/^user /m);
  });
});

/** The lines of a block, without the space around them. */
function linesOf(text: string, block: string): string[] {
  const begin = text.indexOf(`${block} {\n`);
  if (begin < 0) throw new Error(`no block ${block} in\n${text}`);
  const [inside = ""] = text.slice(begin + block.length + 3).split(/^ {4}\}$/m);
  return inside.trim().split(/\s*\n\s*/);
}

describe("with the check module", () => {
  const { text } = renderConfiguration(
    nginxSettings({
      directory: "/srv/nginx",
      port: 8080,
      flavour: "check-module",
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 3000,
        rise: 2,
        fall: 5,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
    }),
  );

  test("the upstream of all hosts is checked, and passive failover keeps out of it", () => {
    expect(linesOf(text, "upstream all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
      "check interval=3000 rise=2 fall=5 timeout=1000 type=http;",
      'check_http_send "GET /actuator/health HTTP/1.0\\r\\n\\r\\n";',
      "check_http_expect_alive http_2xx http_3xx;",
    ]);
  });

  test("the smaller upstreams are not checked, so that passive failover covers them", () => {
    expect(linesOf(text, "upstream drained_1")).toEqual([
      "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
    ]);
    expect(linesOf(text, "upstream drained_2")).toEqual([
      "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
    ]);
  });

  test("/status is the module's own page", () => {
    expect(text).toMatch(
      /location = \/status \{\n\s+if \(\$status_stranger\) \{ return 403; \}\n\s+check_status;\n/,
    );
  });
});

test("the check module is told what a healthy host answers", () => {
  const check = {
    path: "/",
    intervalMilliseconds: 500,
    rise: 1,
    fall: 2,
    timeoutMilliseconds: 100,
    expect: ["2xx", "4xx"],
  };
  const { text } = renderConfiguration(
    nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "check-module", check }),
  );
  expect(linesOf(text, "upstream all")).toContain("check_http_expect_alive http_2xx http_4xx;");
});

describe("with nginx's JavaScript module", () => {
  const { text } = renderConfiguration(
    nginxSettings({
      directory: "/srv/nginx",
      port: 8080,
      flavour: "njs",
      njsModule: "/m/ngx_http_js_module.so",
    }),
  );

  test("the checks decide for every upstream, and passive failover keeps out of it", () => {
    expect(linesOf(text, "upstream all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
    ]);
    expect(linesOf(text, "upstream drained_1")).toEqual(["server 127.0.0.1:8082 max_fails=0;"]);
  });

  test("the module is loaded, unless it is built in", () => {
    expect(text).toMatch(/^load_module "\/m\/ngx_http_js_module\.so";$/m);
    const builtIn = renderConfiguration(
      nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "njs" }),
    );
    expect(builtIn.text).not.toContain("load_module");
  });

  test("a check ends before the next one begins", () => {
    const period = (intervalMilliseconds: number, timeoutMilliseconds: number) => {
      const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "njs" });
      const check = { ...settings.check, intervalMilliseconds, timeoutMilliseconds };
      return /js_periodic rollgate\.check interval=(\d+)ms;/.exec(
        renderConfiguration({ ...settings, check }).text,
      )?.[1];
    };
    expect([period(3000, 1000), period(1000, 1000), period(500, 2000)]).toEqual(["3000", "1100", "2100"]);
  });
});

test("stock nginx gets no directive that only the check module knows", () => {
  const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080 }));
  expect(linesOf(text, "upstream all")).toEqual([
    "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
    "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
  ]);
  expect(text).not.toMatch(/\bcheck_|\bcheck interval/);
});

describe("a running nginx", () => {
  /** Hosts that answer their name and what they were asked, behind a running nginx, all admitted. */
  async function run(size: number, settings: Partial<NginxSettings> = {}) {
    const directory = join(await temporaryDirectory(), "my nginx");
    const servers = await Promise.all(
      fleet(size).map(({ name }) =>
        serveHttp((asked, answer) => {
          answer.end(JSON.stringify({ name, url: asked.url, headers: asked.headers }));
        }),
      ),
    );
    const hosts = fleet(size).map((host, index) => ({ ...host, port: servers[index]?.port ?? 0 }));
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
    return { url, port, servers, drain, admit, served };
  }

  test("sends requests to every host", async () => {
    const { served } = await run(3);
    expect(await served()).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("sends the next request elsewhere once a flag is there, and back once it is gone", async () => {
    const { served, drain, admit } = await run(3);
    await drain("app-2");
    expect(await served()).toEqual(new Set(["app-1", "app-3"]));
    await drain("app-1");
    expect(await served()).toEqual(new Set(["app-3"]));
    await admit("app-2", "app-1");
    expect(await served()).toEqual(new Set(["app-1", "app-2", "app-3"]));
  });

  test("says which hosts are drained", async () => {
    const { url, drain } = await run(3);
    await drain("app-3", "app-1");
    expect((await request(`${url}/rollgate/drained`)).body).toBe("drained_1_3 app-1 app-3 ");
  });

  test("answers 503 with a hint to come back when every host is drained", async () => {
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
    const names = fleet(size).map(({ name }) => name);
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
  ])("tells the application the port that a client of %s means", async (Host, port) => {
    const { url } = await run(1);
    const { headers } = JSON.parse((await request(url, { headers: { Host } })).body);
    expect([headers.host, headers["x-forwarded-host"], headers["x-forwarded-port"]]).toEqual([
      Host,
      Host,
      port,
    ]);
  });

  test("passes nothing on that a client says of where it comes from or whom it has signed in as", async () => {
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
      connection: "close",
      "x-real-ip": "127.0.0.1",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": `127.0.0.1:${port}`,
      "x-forwarded-port": String(port),
      "x-own": "forged",
    });
  });

  test("asks the health endpoint of one host, drained or not", async () => {
    const { url, drain } = await run(2);
    await drain("app-2");
    const { body } = await request(`${url}/rollgate/health/app-2`);
    expect(JSON.parse(body)).toMatchObject({ name: "app-2", url: "/actuator/health" });
    expect((await request(`${url}/rollgate/health/app-3`)).status).toBe(404);
  });

  test("goes on with the next host when one refuses connections", async () => {
    const { servers, served } = await run(3);
    for (const { server } of servers.slice(0, 1)) await close(server);
    expect(await served()).toEqual(new Set(["app-2", "app-3"]));
  });

  const outside = test.skipIf(EXTERNAL_ADDRESS === undefined);

  outside("answers /status to loopback and to those who are allowed", async () => {
    const closed = await run(1, { address: "0.0.0.0" });
    const open = await run(1, { address: "0.0.0.0", statusAllow: [`${EXTERNAL_ADDRESS}/32`] });
    expect((await request(`${closed.url}/status`)).status).toBe(200);
    expect((await request(`http://${EXTERNAL_ADDRESS}:${closed.port}/status`)).status).toBe(403);
    expect((await request(`http://${EXTERNAL_ADDRESS}:${open.port}/status`)).status).toBe(200);
    expect((await request(`http://${EXTERNAL_ADDRESS}:${closed.port}/`)).status).toBe(200);
  });

  outside("answers the rollout's own questions to loopback only", async () => {
    const { url, port } = await run(1, { address: "0.0.0.0", statusAllow: [`${EXTERNAL_ADDRESS}/32`] });
    for (const path of ["/rollgate/drained", "/rollgate/configuration", "/rollgate/health/app-1"]) {
      expect((await request(`${url}${path}`)).status).toBe(200);
      expect((await request(`http://${EXTERNAL_ADDRESS}:${port}${path}`)).status).toBe(403);
    }
  });

  test.each(["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])(
    "takes whoever comes through another proxy on its machine for a stranger, by %s",
    async (name) => {
      const { url } = await run(1);
      const through = async (path: string) =>
        (await request(`${url}${path}`, { headers: { [name]: "for=192.0.2.7" } })).status;
      for (const path of ["/status", "/rollgate/drained", "/rollgate/health/app-1"]) {
        expect((await request(`${url}${path}`)).status).toBe(200);
        expect(await through(path)).toBe(403);
      }
      expect(await through("/")).toBe(200);
    },
  );

  test("answers /status through another proxy to those who are allowed", async () => {
    const { url } = await run(1, { statusAllow: ["127.0.0.0/8"] });
    const headers = { "X-Forwarded-For": "192.0.2.7" };
    expect((await request(`${url}/status`, { headers })).status).toBe(200);
    expect((await request(`${url}/rollgate/drained`, { headers })).status).toBe(403);
  });

  test("serves a client of HTTP/1.0 that sends no Host", async () => {
    const { port } = await run(1);
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.write("GET / HTTP/1.0\r\n\r\n");
    const chunks: Buffer[] = [];
    for await (const chunk of client) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString("utf8")).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test("the application has as much time as the slowest request takes, and a minute in any case", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });
  const timeout = (slowestRequestSeconds: number) => {
    const { text } = renderConfiguration({ ...settings, slowestRequestSeconds });
    return /proxy_read_timeout (\d+s);/.exec(linesOf(text, "server").join("\n"))?.[1];
  };
  expect([timeout(5), timeout(300)]).toEqual(["60s", "300s"]);
});

test("the hosts of a configuration can be read back from it, and from no other file", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, hosts: fleet(3) });
  expect(hostsOf(renderConfiguration(settings).text)).toEqual(fleet(3));
  expect(hostsOf("events {}\n")).toBeUndefined();
});

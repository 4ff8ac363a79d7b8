import { execFile } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { LocalNginxInputs } from "#kinds/local/localDescriptors.ts";
import { check, read, remove, create as serve } from "#provider/nginx.ts";
import { freePort } from "../../../harness/freePort.ts";
import { quitNginx } from "../../../harness/nginxProcess.ts";
import { serving } from "../../../harness/serving.ts";
import { until } from "../../../harness/until.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { type ForeignNginx, foreignNginx } from "../../support/foreignNginx.ts";
import { serveHttp } from "../../support/httpServer.ts";
import { NGINX } from "../../support/nginx.ts";
import { useNjsNginx } from "../../support/njsNginx.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

type Inputs = LocalNginxInputs;

const TLS: NonNullable<Inputs["tls"]> = {
  certificate: "/etc/ssl/shop.pem",
  key: "/etc/ssl/shop.key",
  port: 443,
  http2: true,
  http3: false,
  profile: "intermediate",
  redirect: true,
  hstsSeconds: 60,
};

/** Inputs of a stack with one host that answers with the stack's name and the path that it got. */
async function stackOf(name: string, change: Partial<Inputs> & Pick<Inputs, "directory">): Promise<Inputs> {
  const { port } = await serveHttp((asked, answer) => {
    answer.end(asked.url?.endsWith("/health") ? '{"status":"UP"}' : `${name} ${asked.url}`);
  });
  return {
    kind: "local",
    address: "127.0.0.1",
    port: await freePort(),
    controlPort: await freePort(),
    executable: NGINX,
    ...serving,
    name,
    hosts: [{ name: "app-1", address: "127.0.0.1", port }],
    ...change,
  };
}

async function inForeign(
  name: string,
  nginx: ForeignNginx,
  directory: string,
  pathPrefix: string,
): Promise<Inputs> {
  const foreign = { pidFile: nginx.pidFile, includeDirectory: nginx.httpFolder };
  return stackOf(name, { directory, foreign, pathPrefix });
}

/** A foreign nginx with the lines of these folders. */
async function foreignFor(...directories: string[]): Promise<ForeignNginx> {
  return foreignNginx(directories.map((directory) => `include ${directory}/live/server*.conf;`));
}

async function reasons(news: Inputs): Promise<string[]> {
  const { failures } = await check({ olds: {}, news });
  return failures?.map(({ property, reason }) => `${property}: ${reason}`) ?? [];
}

/** Serves a stack and admits its host. */
async function up(news: Inputs): Promise<Record<string, unknown>> {
  const { inputs, failures } = await check({ olds: {}, news });
  if (inputs === undefined) throw new Error(`refused: ${JSON.stringify(failures)}`);
  const { outs } = await serve(inputs);
  await rm(join(news.directory, "drained", "app-1"));
  return outs;
}

const exec = promisify(execFile);
async function get(url: string, ...options: string[]): Promise<string> {
  return (await exec("curl", ["-sk", ...options, url])).stdout;
}

describe("an nginx that is not ours", { timeout: 60_000 }, () => {
  test("serves two stacks beside its own sites, and is as before byte for byte once both are destroyed", async () => {
    const root = await temporaryDirectory();
    const [shop, api] = [join(root, "shop", "nginx"), join(root, "api", "nginx")];
    const nginx = await foreignFor(shop, api);
    const before = await nginx.files();
    const first = await up(await inForeign("shop", nginx, shop, "/"));
    const second = await up(await inForeign("api", nginx, api, "/api"));
    const site = `https://127.0.0.1:${nginx.securePort}`;
    expect(await get(`${site}/cart?a=1`)).toBe("shop /cart?a=1");
    expect([await get(`${site}/api`), await get(`${site}/api/v1/x.php`)]).toEqual([
      "api /api",
      "api /api/v1/x.php",
    ]);
    expect([await get(`${site}/apis`), await get(`${site}/static/a`)]).toEqual(["shop /apis", "static"]);
    expect(await get(`http://127.0.0.1:${nginx.plainPort}/`)).toBe("other");
    for (const outs of [first, second]) {
      expect((await read("x", outs)).props).toMatchObject({
        running: true,
        configuration: outs.configuration,
      });
    }
    await remove(first);
    await until(async () => (await get(`${site}/cart`)).includes("404"), 5);
    expect(await get(`${site}/api/x`)).toBe("api /api/x");
    await remove(second);
    expect(await nginx.files()).toEqual(before);
    await exec(NGINX, ["-t", "-q", "-c", join(nginx.folder, "nginx.conf")]);
    expect(await get(`http://127.0.0.1:${nginx.plainPort}/`)).toBe("other");
  });

  test("drains at once although its owner lets nginx remember which files there are", async () => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor(directory);
    await writeFile(
      join(nginx.httpFolder, "cache.conf"),
      "open_file_cache max=100; open_file_cache_valid 60s; open_file_cache_min_uses 1; open_file_cache_errors on;\n",
    );
    await up(await inForeign("shop", nginx, directory, "/"));
    const site = `https://127.0.0.1:${nginx.securePort}/x`;
    expect(await get(site)).toBe("shop /x");
    await writeFile(join(directory, "drained", "app-1"), "");
    expect(await get(site)).toBe("no host takes traffic\n");
    await rm(join(directory, "drained", "app-1"));
    expect(await get(site)).toBe("shop /x");
  });

  test("is refused while it is stopped, and while no server block includes our part", async () => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor();
    const news = await inForeign("shop", nginx, directory, "/");
    expect(await reasons(news)).toEqual([
      `foreign: expected a server block in ${nginx.folder} with the line "include ${directory}/live/server*.conf;", found none. Nothing was changed.`,
    ]);
    await nginx.stop();
    expect(await reasons(news)).toEqual([
      `foreign: expected nginx to be running, found no process by ${nginx.pidFile}: start it first. Nothing was changed.`,
    ]);
  });

  test("serves a stack with names in a server block of its own, with HTTPS, and no line is needed", async () => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor();
    const before = await nginx.files();
    const [port, tlsPort] = [await freePort(), await freePort()];
    const base = await inForeign("shop", nginx, directory, "/");
    const { files } = await makeCertificate({ names: ["DNS:shop.test"] });
    const tls = { ...TLS, ...files, port: tlsPort };
    const outs = await up({ ...base, port, serverNames: ["shop.test"], tls });
    const asShop = [
      "--resolve",
      `shop.test:${tlsPort}:127.0.0.1`,
      "--resolve",
      `shop.test:${port}:127.0.0.1`,
    ];
    expect(await get(`https://shop.test:${tlsPort}/x`, ...asShop)).toBe("shop /x");
    expect(
      await get(`http://shop.test:${port}/x`, ...asShop, "-o", "/dev/null", "-w", "%{redirect_url}"),
    ).toBe(`https://shop.test:${tlsPort}/x`);
    expect(await get(`https://127.0.0.1:${nginx.securePort}/static/`)).toBe("static");
    await remove(outs);
    expect(await nginx.files()).toEqual(before);
  });

  test.each<[title: string, change: (base: Inputs) => Partial<Inputs>, line: RegExp]>([
    [
      "a certificate without names",
      () => ({ tls: TLS }),
      /^tls: expected serverNames, too, or the certificate in your own server block\. Nothing was changed\.$/,
    ],
    [
      "a key as text",
      () => ({
        serverNames: ["shop.test"],
        tls: { ...TLS, certificate: "-----BEGIN CERTIFICATE-----", key: "-----BEGIN PRIVATE KEY-----" },
      }),
      /^tls\.key: expected the path of a key with nginxMode include, got PEM text\. Nothing was changed\.$/,
    ],
    [
      "headers of a whole server block",
      () => ({ underscoresInHeaders: true }),
      /^underscoresInHeaders: expected it in your own server block, got true here\. Nothing was changed\.$/,
    ],
    [
      "a control port that is taken",
      ({ port }) => ({ controlPort: port }),
      /^controlPort: \d+ is taken by pid \d+ \(nginx.*\)\. Nothing was changed\.$/,
    ],
    [
      "an include folder that does not exist",
      ({ foreign }) => ({ foreign: { ...Object(foreign), includeDirectory: "/nowhere/conf.d" } }),
      /^foreign: expected a folder whose files nginx includes, found none: \/nowhere\/conf\.d\. Nothing was changed\.$/,
    ],
  ])("is refused with %s", async (_, change, line) => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor(directory);
    const before = await nginx.files();
    const base = { ...(await inForeign("shop", nginx, directory, "/")), port: nginx.plainPort };
    const lines = await reasons({ ...base, ...change(base) });
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(await nginx.files()).toEqual(before);
  });

  test("says so if its http block does not include the folder, and is as before", async () => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor();
    const elsewhere = await temporaryDirectory();
    const foreign = { pidFile: nginx.pidFile, includeDirectory: elsewhere };
    const news = await stackOf("shop", { directory, foreign, serverNames: ["shop.test"] });
    await expect(up(news)).rejects.toThrow(
      `failed to reload it: see its error log, and whether its http block includes ${elsewhere}/*.conf. There was no configuration before, so none is left; nginx keeps running without it.`,
    );
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await readdir(directory)).includes("live")).toBe(false);
  });

  test("shows as a change if its owner stops it", async () => {
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignFor(directory);
    const outs = await up(await inForeign("shop", nginx, directory, "/"));
    await nginx.stop();
    expect((await read("x", outs)).props).toMatchObject({ running: false });
  });

  test.each<[title: string, change: Partial<Inputs>, reason: RegExp]>([
    [
      "name",
      { name: "shop" },
      /^name: expected a project and stack of another name, got shop, that of the stack in /,
    ],
    ["control port", {}, /^controlPort: expected a port of its own, got \d+, that of the stack in /],
  ])("is refused for a stack with the %s of another one", async (what, change, reason) => {
    const root = await temporaryDirectory();
    const [shop, api] = [join(root, "shop", "nginx"), join(root, "api", "nginx")];
    const nginx = await foreignFor(shop, api);
    const other = await inForeign("shop", nginx, shop, "/");
    await up(other);
    const before = await nginx.files();
    const news = { ...(await inForeign("api", nginx, api, "/api")), ...change };
    const [line = ""] = await reasons(what === "name" ? news : { ...news, controlPort: other.controlPort });
    expect(line).toMatch(reason);
    expect(line).toMatch(/Nothing was changed\.$/);
    expect(await nginx.files()).toEqual(before);
  });

  test("is refused for two stacks with one path in one server block, in nginx's words, and serves the first", async () => {
    const root = await temporaryDirectory();
    const [shop, api] = [join(root, "shop", "nginx"), join(root, "api", "nginx")];
    const nginx = await foreignFor(shop, api);
    await up(await inForeign("shop", nginx, shop, "/"));
    const before = await nginx.files();
    await expect(up(await inForeign("api", nginx, api, "/"))).rejects.toThrow(
      /^nginx rejected its configuration: .*duplicate location "\/" in .*\/api\/nginx\/live\/server\.conf:\d+\. Nothing was changed$/,
    );
    expect(await nginx.files()).toEqual(before);
    expect(await get(`https://127.0.0.1:${nginx.securePort}/`)).toBe("shop /");
  });
});

describe("an nginx that is not ours and has the JavaScript module", { timeout: 60_000 }, () => {
  const njs = useNjsNginx();

  test("checks the hosts by it if its own configuration loads it", async (context) => {
    const { executable, module } = njs(context);
    const directory = join(await temporaryDirectory(), "nginx");
    const line = `include ${directory}/live/server*.conf;`;
    const main = module === "" ? "" : `load_module "${module}";\n`;
    const nginx = await foreignNginx([line], { executable, main });
    const news = { ...(await inForeign("shop", nginx, directory, "/")), executable };
    const outs = await up(news);
    expect(outs.flavour).toBe("njs");
    const site = `https://127.0.0.1:${nginx.securePort}/x`;
    await until(async () => (await get(site)) === "shop /x", 10);
    const status = `http://127.0.0.1:${news.controlPort}/status?format=json`;
    await until(async () => /"status": ?"up"/.test(await get(status)), 10);
    await remove(outs);
  });

  test("is taken as it is if its own configuration does not load it", async (context) => {
    const { executable, module } = njs(context);
    context.skip(module === "", "it is built in");
    const directory = join(await temporaryDirectory(), "nginx");
    const nginx = await foreignNginx([`include ${directory}/live/server*.conf;`], { executable });
    const news = { ...(await inForeign("shop", nginx, directory, "/")), executable };
    expect((await check({ olds: {}, news })).inputs).toMatchObject({ flavour: "stock" });
    expect(await reasons({ ...news, flavour: "njs" })).toEqual([
      "flavour: expected stock, which is all that this nginx supports, got njs. Nothing was changed.",
    ]);
  });
});

describe("the nginx of another stack", { timeout: 60_000 }, () => {
  /** A stack with its own nginx, and the inputs of a second one that joins it. */
  async function owned(pathPrefix = "/") {
    const root = await temporaryDirectory();
    const directory = join(root, "shop", "nginx");
    onTestFinished(() => quitNginx(directory, 5));
    const owner = await stackOf("shop", { directory, pathPrefix });
    const outs = await up(owner);
    const joining = (name: string, prefix: string) =>
      stackOf(name, {
        directory: join(root, name, "nginx"),
        foreign: { stack: directory },
        pathPrefix: prefix,
        port: owner.port,
      });
    return { root, owner, outs, joining, url: `http://127.0.0.1:${owner.port}` };
  }

  test("serves a second stack under its path, and goes on without it", async () => {
    const { joining, url, outs } = await owned();
    const second = await up(await joining("api", "/api"));
    expect([await get(`${url}/api/x`), await get(`${url}/x`)]).toEqual(["api /api/x", "shop /x"]);
    await expect(remove(outs)).rejects.toThrow(
      /^expected no other stack behind this nginx, got the one in .*\/api\/nginx: destroy it first\. nginx was not touched\.$/,
    );
    expect([await get(`${url}/api/x`), await get(`${url}/x`)]).toEqual(["api /api/x", "shop /x"]);
    await remove(second);
    await until(async () => (await get(`${url}/api/x`)) === "shop /api/x", 5);
    await remove(outs);
  });

  test("keeps the parts of others when its own stack changes", async () => {
    const { owner, joining, url } = await owned();
    await up(await joining("api", "/api"));
    const { inputs } = await check({ olds: owner, news: { ...owner, slowestRequestSeconds: 90 } });
    await serve(inputs ?? {});
    expect([await get(`${url}/api/x`), await get(`${url}/x`)]).toEqual(["api /api/x", "shop /x"]);
  });

  test("serves nothing outside the paths of its stacks", async () => {
    const { joining, url } = await owned("/shop");
    await up(await joining("api", "/api"));
    const answers = ["/shop", "/shop/x", "/api/x", "/", "/shopping", "/etc/passwd"].map((path) =>
      get(`${url}${path}`, "-o", "-", "-w", " %{http_code}"),
    );
    const [shop, below, api, ...others] = await Promise.all(answers);
    expect([shop, below, api]).toEqual(["shop /shop 200", "shop /shop/x 200", "api /api/x 200"]);
    expect(others.map((answer) => answer.slice(-4))).toEqual([" 404", " 404", " 404"]);
  });

  test("serves a second stack under names of its own, and refuses a third one with one of them", async () => {
    const { joining, url, owner } = await owned();
    const named = { ...(await joining("api", "/")), serverNames: ["api.test", "www.api.test"] };
    await up(named);
    const asked = (host: string) => get(`${url}/x`, "-H", `Host: ${host}`);
    expect([await asked("api.test"), await asked("www.api.test"), await asked("shop.test")]).toEqual([
      "api /x",
      "api /x",
      "shop /x",
    ]);
    expect(await reasons({ ...(await joining("third", "/")), serverNames: ["x.test", "api.test"] })).toEqual([
      `serverNames[1]: expected a name of its own, got api.test, one of the stack in ${named.directory}. Nothing was changed.`,
    ]);
    expect(await reasons({ ...owner, serverNames: ["api.test"] })).toEqual([
      `serverNames[0]: expected a name of its own, got api.test, one of the stack in ${named.directory}. Nothing was changed.`,
    ]);
  });

  test("refuses a second stack whose path overlaps with its own", async () => {
    const { joining, owner } = await owned("/shop");
    expect(await reasons(await joining("api", "/shop/api"))).toEqual([
      `pathPrefix: expected a path that does not overlap with /shop, which the stack in ${owner.directory} serves, got /shop/api. Nothing was changed.`,
    ]);
  });

  test("refuses to take a path that a joined stack has", async () => {
    const { owner, joining } = await owned();
    const second = await joining("api", "/api");
    await up(second);
    expect(await reasons({ ...owner, pathPrefix: "/api" })).toEqual([
      `pathPrefix: expected a path that does not overlap with /api, which the stack in ${second.directory} serves, got /api. Nothing was changed.`,
    ]);
  });

  test("is refused if it is no stack's, or older than its folders for others", async () => {
    const directory = join(await temporaryDirectory(), "api", "nginx");
    const news = await stackOf("api", {
      directory,
      foreign: { stack: "/nowhere/nginx" },
      pathPrefix: "/api",
    });
    expect(await reasons(news)).toEqual([
      "foreign: expected nginx to be running, found no process by /nowhere/nginx: start it first. Nothing was changed.",
    ]);
  });
});

import { appendFile, chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { LocalNginxInputs } from "#kinds/local/localDescriptors.ts";
import { check, diff, read, remove, create as serve } from "#provider/nginx.ts";
import { controlPortFor, freePort } from "../../../harness/freePort.ts";
import { quitNginx, runningNginx } from "../../../harness/nginxProcess.ts";
import { request } from "../../../harness/request.ts";
import { serving } from "../../../harness/serving.ts";
import { listenOn, startNode } from "../../support/child.ts";
import { serveHttp } from "../../support/httpServer.ts";
import { useNjsNginx } from "../../support/njsNginx.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

async function inputs(change: Partial<LocalNginxInputs> = {}): Promise<LocalNginxInputs> {
  const directory = join(await temporaryDirectory(), "stack", "nginx");
  onTestFinished(() => quitNginx(directory, 5));
  const port = await freePort();
  return {
    kind: "local",
    directory,
    address: "127.0.0.1",
    port,
    controlPort: controlPortFor(port),
    executable: "nginx",
    ...serving,
    hosts: [{ name: "app-1", address: "127.0.0.1", port: 8081 }],
    ...change,
  };
}

/** Inputs as `check` leaves them. */
async function checked(news: LocalNginxInputs): Promise<Record<string, unknown>> {
  const { inputs: passed, failures } = await check({ olds: {}, news });
  if (passed === undefined) throw new Error(`refused: ${JSON.stringify(failures)}`);
  return passed;
}

describe("check", () => {
  test("decides on the flavour and shows the configuration, and creates nothing", async () => {
    const news = await inputs();
    expect(
      await check({
        olds: {},
        news: { ...news, __provider: "code", configuration: "old", running: false },
      }),
    ).toEqual({
      inputs: {
        ...news,
        flavour: "stock",
        configuration: expect.stringContaining(`listen 127.0.0.1:${news.port};`),
        running: true,
      },
    });
    expect(await readdir(join(dirname(news.directory), ".."))).toEqual([]);
  });

  test("rejects a wrong setting, naming its path", async () => {
    const { failures } = await check({
      olds: {},
      news: { ...(await inputs()), statusAllow: ["10.0.0.0/99"] },
    });
    expect(failures).toEqual([
      {
        property: "statusAllow[0]",
        reason: expect.stringMatching(
          /^expected an address or a network such as 10\.0\.0\.0\/8, got "10\.0\.0\.0\/99"/,
        ),
      },
    ]);
  });

  test("rejects a missing nginx", async () => {
    expect(await check({ olds: {}, news: await inputs({ executable: "/nowhere/nginx" }) })).toEqual({
      failures: [
        {
          property: "executable",
          reason: "expected nginx, found no executable /nowhere/nginx. Nothing was changed.",
        },
      ],
    });
  });

  test("rejects active checks with an nginx that does not support them", async () => {
    expect(await check({ olds: {}, news: await inputs({ flavour: "check-module" }) })).toEqual({
      failures: [
        {
          property: "flavour",
          reason: "expected stock, which is all that nginx supports, got check-module. Nothing was changed.",
        },
      ],
    });
  });

  test("rejects a port that is taken, and names the process", async () => {
    const news = await inputs();
    const { pid } = await startNode(listenOn(news.port));
    const { failures } = await check({ olds: {}, news });
    expect(failures?.map(({ property }) => property)).toEqual(["port"]);
    expect(failures?.[0]?.reason).toMatch(
      new RegExp(`^${news.port} is taken by pid ${pid} \\(.*\\)\\. Nothing was changed\\.$`),
    );
  });

  test("rejects a new port that is taken while nginx runs, since a reload would fail", async () => {
    const news = await inputs();
    await serve(await checked(news));
    const port = await freePort();
    const { pid } = await startNode(listenOn(port));
    const { failures } = await check({ olds: news, news: { ...news, port } });
    expect(failures?.map(({ property }) => property)).toEqual(["port"]);
    expect(failures?.[0]?.reason).toContain(`${port} is taken by pid ${pid} (`);
  });

  test("rejects moving a running nginx to another directory, even together with its port", async () => {
    const olds = await inputs();
    const news = { ...olds, directory: `${olds.directory}-new`, port: await freePort() };
    expect((await check({ olds, news })).failures).toBeUndefined();
    await serve(await checked(olds));
    expect((await check({ olds, news })).failures).toEqual([
      {
        property: "directory",
        reason: `expected ${olds.directory}, where it is running, got ${news.directory}: destroy the stack first, or leave it there. Nothing was changed.`,
      },
    ]);
  });

  test("rejects removing all serving hosts, and nothing else", async () => {
    const { port } = await serveHttp((_, response) => response.end('{"status":"UP"}'));
    const host = { name: "app-1", address: "127.0.0.1", port };
    const other = { name: "app-2", address: "127.0.0.1", port: await freePort() };
    const news = await inputs({ hosts: [host] });
    const olds = await checked(news);
    const failures = async (...hosts: (typeof host)[]) =>
      (await check({ olds, news: { ...news, hosts } })).failures;
    await serve(olds);
    await rm(join(news.directory, "drained", "app-1"));
    const reason =
      "expected at least one healthy host that stays where it is, got none: change or remove hosts one at a time. Nothing was changed.";
    expect(await failures(other)).toEqual([{ property: "hosts", reason }]);
    expect(await failures({ ...host, port: other.port })).toEqual([{ property: "hosts", reason }]);
    expect(await failures(host, other)).toBeUndefined();
    await writeFile(join(news.directory, "drained", "app-1"), "");
    expect(await failures(other)).toBeUndefined();
  });

  test("lets nginx add IPv6 on its port, but not go from all addresses to one", async () => {
    const olds = await inputs({ address: "0.0.0.0" });
    await serve(await checked(olds));
    expect((await check({ olds, news: { ...olds, address: "::" } })).failures).toBeUndefined();
    expect((await check({ olds, news: { ...olds, address: "127.0.0.1" } })).failures).toEqual([
      {
        property: "port",
        reason: `expected another port when the address changes, since nginx cannot bind port ${olds.port} again while it is serving. Nothing was changed.`,
      },
    ]);
  });

  test("accepts the port that this nginx has", async () => {
    const news = await inputs();
    await serve(await checked(news));
    expect(await check({ olds: news, news })).toMatchObject({ inputs: { port: news.port } });
  });
});

describe("diff", () => {
  test("is empty when nothing changed", async () => {
    const news = await checked(await inputs());
    expect(
      await diff({ olds: { ...news, __provider: "old code" }, news: { ...news, __provider: "new code" } }),
    ).toEqual({
      changes: false,
      replaces: [],
      deleteBeforeReplace: true,
    });
  });

  test("shows a change of the configuration as an update", async () => {
    const given = await inputs();
    const [old, next] = [await checked(given), await checked({ ...given, healthPath: "/health" })];
    expect(await diff({ olds: old, news: next })).toMatchObject({ changes: true, replaces: [] });
  });

  test("shows a stopped nginx, or an edited file, as an update", async () => {
    const news = await checked(await inputs());
    expect(await diff({ olds: { ...news, running: false }, news })).toMatchObject({
      changes: true,
      replaces: [],
    });
    expect(await diff({ olds: { ...news, configuration: "edited" }, news })).toMatchObject({
      changes: true,
      replaces: [],
    });
  });

  test("treats another directory as another nginx", async () => {
    const news = await checked(await inputs());
    expect(await diff({ olds: news, news: { ...news, directory: "/elsewhere" } })).toMatchObject({
      changes: true,
      replaces: ["directory"],
    });
  });
});

describe("an nginx", () => {
  test("serves what was checked, and says what it did", async () => {
    const news = await inputs();
    const passed = await checked(news);
    const configuration = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    expect(await serve(passed)).toEqual({ id: news.directory, outs: { ...passed, configuration } });
    expect(console.log).toHaveBeenCalledExactlyOnceWith(
      `nginx started at http://127.0.0.1:${news.port} (stock); on its machine, http://127.0.0.1:${news.controlPort}/status`,
    );
    expect((await request(`http://127.0.0.1:${news.controlPort}/rollgate/configuration`)).body).toMatch(
      /^stock /,
    );
  });

  test("is read as it was served", async () => {
    const passed = await checked(await inputs());
    await serve(passed);
    const found = await read("id", { ...passed, __provider: "code" });
    expect(found).toEqual({
      id: "id",
      props: { ...passed, __provider: "code" },
      inputs: { ...passed, __provider: "code" },
    });
    expect(await diff({ olds: found.props, news: passed })).toMatchObject({ changes: false });
  });

  test("has its text in its inputs alone, and the hash in its outputs tells of a change", async () => {
    const news = await inputs();
    const passed = await checked(news);
    const { outs } = await serve(passed);
    expect(await diff({ olds: outs, news: passed })).toMatchObject({ changes: false });
    expect(await read("id", outs)).toEqual({ id: "id", props: outs, inputs: passed });
    await appendFile(join(news.directory, "nginx.conf"), "# edited\n");
    const edited = await read("id", outs);
    const { configuration } = Object(passed);
    expect(edited.inputs).toEqual({ ...passed, configuration: `${configuration}# edited\n` });
    expect(await diff({ olds: edited.props, news: passed })).toMatchObject({ changes: true });
  });

  test("of an earlier version keeps its text until an update", async () => {
    const passed = await checked(await inputs());
    await serve(passed);
    expect((await read("id", passed)).props).toEqual(passed);
    expect(await diff({ olds: passed, news: passed })).toMatchObject({ changes: false });
  });

  test("whose file was edited is read with the edit", async () => {
    const news = await inputs();
    const passed = await checked(news);
    await serve(passed);
    const file = join(news.directory, "nginx.conf");
    const text = await readFile(file, "utf8");
    await writeFile(file, `${text}# edited\n`);
    expect((await read("id", passed)).props).toMatchObject({
      configuration: `${text}# edited\n`,
      running: true,
    });
  });

  test("that has not read its file is read as not serving it, and the next update reloads it", async () => {
    const news = await inputs();
    const [passed, other] = [await checked(news), await checked({ ...news, healthPath: "/other" })];
    const { configuration } = Object(other);
    await serve(passed);
    await writeFile(join(news.directory, "nginx.conf"), String(configuration));
    const { props } = await read("id", other);
    expect(props).toMatchObject({ configuration, running: false });
    expect(await diff({ olds: props, news: other })).toMatchObject({ changes: true });
    await serve(other);
    expect((await read("id", other)).props).toMatchObject({ running: true });
  });

  test("that has stopped is read as not running, and comes back", async () => {
    const news = await inputs();
    const passed = await checked(news);
    await serve(passed);
    await quitNginx(news.directory, 5);
    const { props } = await read("id", passed);
    expect(props).toMatchObject({ running: false });
    expect(await diff({ olds: props, news: passed })).toMatchObject({ changes: true });
    await serve(passed);
    expect(await runningNginx(news.directory)).toBeDefined();
  });

  test("stops and removes all our files when it is removed", async () => {
    const news = await inputs();
    await serve(await checked(news));
    await writeFile(join(news.directory, "close-connections"), "");
    await remove(news);
    expect(await runningNginx(news.directory)).toBeUndefined();
    expect(await readdir(join(news.directory, "../.."))).toEqual([]);
  });

  test("keeps files of others when it is removed", async () => {
    const news = await inputs();
    await serve(await checked(news));
    await writeFile(join(news.directory, "notes.txt"), "");
    await remove(news);
    expect(await readdir(news.directory)).toEqual(["notes.txt"]);
  });
});

describe("an nginx with its JavaScript module", () => {
  const withNjs = useNjsNginx();

  test("gets active checks by default", async (context) => {
    const { executable } = withNjs(context);
    const passed = await checked(await inputs({ executable }));
    expect(passed).toMatchObject({ flavour: "njs", configuration: expect.stringContaining("js_periodic") });
    expect(await checked(await inputs({ executable, flavour: "stock" }))).not.toHaveProperty("njsModule");
  });

  test("shows an edited script as an update, repairs it, and removes it in the end", async (context) => {
    const { executable } = withNjs(context);
    const news = await inputs({ executable });
    const passed = await checked(news);
    await serve(passed);
    expect(await diff({ olds: (await read("id", passed)).props, news: passed })).toMatchObject({
      changes: false,
    });
    const script = (await readdir(news.directory)).find((name) => name.endsWith(".js")) ?? "";
    await writeFile(join(news.directory, script), "export default {};\n");
    expect(await diff({ olds: (await read("id", passed)).props, news: passed })).toMatchObject({
      changes: true,
      replaces: [],
    });
    await serve(passed);
    expect(await diff({ olds: (await read("id", passed)).props, news: passed })).toMatchObject({
      changes: false,
    });
    await remove(news);
    expect(await readdir(join(news.directory, "../.."))).toEqual([]);
  });
});

test("a status that the check module does not support is rejected before anything is touched", async () => {
  const path = join(await temporaryDirectory(), "nginx");
  await writeFile(
    path,
    `#!/bin/sh\ngrep -q js_ "$4" 2>/dev/null && echo '[emerg] unknown directive "js_x"' >&2 && exit 1\nexit 0\n`,
  );
  await chmod(path, 0o755);
  const news = await inputs({ executable: path });
  expect(
    await check({ olds: {}, news: { ...news, check: { ...news.check, expect: ["2xx", "404"] } } }),
  ).toEqual({
    failures: [
      {
        property: "check.expect",
        reason: "expected classes such as 2xx with check-module, got 404. Nothing was changed.",
      },
    ],
  });
});

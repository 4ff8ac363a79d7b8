import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { localNginxInputs, localProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { create as deploy } from "#provider/deployment.ts";
import { check, remove, create as serve } from "#provider/nginx.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { parse } from "#rollout/request/validate.ts";
import { freePort } from "../../../harness/freePort.ts";
import { quitNginx } from "../../../harness/nginxProcess.ts";
import { serving } from "../../../harness/serving.ts";
import { foreignNginx } from "../../support/foreignNginx.ts";
import { inputsFor, newFleet } from "../../support/localDeployment.ts";
import { NGINX } from "../../support/nginx.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

/** A stack with two hosts whose nginx is made with these inputs. */
async function stack(name: string, nginx: object) {
  let outs = {};
  const fleet = await newFleet(
    {},
    {
      serve: async (hosts) => {
        const port = { address: "127.0.0.1", port: await freePort(), controlPort: await freePort() };
        const news = { kind: "local", ...port, executable: NGINX, ...serving, name, hosts, ...nginx };
        const { inputs, failures } = await check({ olds: {}, news: parse(localNginxInputs, news) });
        if (!inputs) throw new Error(`refused: ${JSON.stringify(failures)}`);
        ({ outs } = await serve(inputs));
        return partOf(localProxyDescriptor, news);
      },
    },
  );
  const roll = async (version: string) => {
    const { inputs } = await inputsFor(fleet.request, { version });
    await deploy(inputs);
  };
  await roll("1.0.0");
  return { roll, destroy: () => remove(outs) };
}

/** Clients of several sites over keep-alive connections, and what was not answered with 200 or 201. */
function clients(urls: readonly string[]) {
  const lost: string[] = [];
  const sent: Record<string, number> = {};
  let isOver = false;
  const client = async (url: string, method: "GET" | "POST") => {
    const { origin, pathname, protocol } = new URL(url);
    const tls = protocol === "https:" ? { connect: { rejectUnauthorized: false } } : {};
    const pool = new Pool(origin, { connections: 1, pipelining: 1, ...tls });
    while (!isOver) {
      sent[url] = (sent[url] ?? 0) + 1;
      try {
        const { statusCode, body } = await pool.request({ method, path: `${pathname}?ms=20` });
        await body.text();
        if (statusCode > 201) lost.push(`${method} ${url} ${statusCode}`);
      } catch (error) {
        lost.push(`${method} ${url} ${error}`);
      }
      await sleep(10);
    }
    await pool.destroy();
  };
  const running = urls.flatMap((url) => [client(url, "GET"), client(url, "GET"), client(url, "POST")]);
  return async () => {
    isOver = true;
    await Promise.all(running);
    return { lost, sent };
  };
}

test("rolls of two stacks in one foreign nginx lose no request of either, nor of its own site", {
  timeout: 120_000,
}, async () => {
  const root = await temporaryDirectory();
  const [shop, api] = [join(root, "shop", "nginx"), join(root, "api", "nginx")];
  const nginx = await foreignNginx([shop, api].map((folder) => `include ${folder}/live/server*.conf;`));
  const before = await nginx.files();
  const foreign = { pidFile: nginx.pidFile, includeDirectory: nginx.httpFolder };
  const first = await stack("shop", { directory: shop, foreign });
  const second = await stack("api", { directory: api, foreign, pathPrefix: "/api" });
  const site = `https://127.0.0.1:${nginx.securePort}`;
  const urls = [
    `${site}/cart`,
    `${site}/api/orders`,
    `${site}/static/x`,
    `http://127.0.0.1:${nginx.plainPort}/`,
  ];
  const stop = clients(urls);
  await first.roll("1.1.0");
  await second.roll("1.1.0");
  await Promise.all([first.roll("1.2.0"), second.roll("1.2.0")]);
  const { lost, sent } = await stop();
  expect(lost).toEqual([]);
  for (const url of urls) expect(sent[url]).toBeGreaterThan(50);
  await first.destroy();
  await second.destroy();
  expect(await nginx.files()).toEqual(before);
});

test("rolls of two stacks behind the nginx of one of them lose no request of either", {
  timeout: 120_000,
}, async () => {
  const root = await temporaryDirectory();
  const directory = join(root, "shop", "nginx");
  onTestFinished(() => quitNginx(directory, 5));
  const port = await freePort();
  const owner = await stack("shop", { directory, port });
  const joined = await stack("api", {
    directory: join(root, "api", "nginx"),
    foreign: { stack: directory },
    pathPrefix: "/api",
  });
  const urls = [`http://127.0.0.1:${port}/cart`, `http://127.0.0.1:${port}/api/orders`];
  const stop = clients(urls);
  await Promise.all([owner.roll("1.1.0"), joined.roll("1.1.0")]);
  const { lost, sent } = await stop();
  expect(lost).toEqual([]);
  for (const url of urls) expect(sent[url]).toBeGreaterThan(50);
  await joined.destroy();
  await owner.destroy();
});

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CanaryRouting } from "#rollout/nginx/configuration/canaryRouting.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { controlUrl, freePort } from "../../../../harness/freePort.ts";
import { request } from "../../../../harness/request.ts";
import { until } from "../../../../harness/until.ts";
import { close, serveHttp } from "../../../support/httpServer.ts";
import { hostsInARow, NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { NJS_NGINX_MILLISECONDS, useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const ALWAYS = { "X-Canary": "always" };
const NEVER = { "X-Canary": "never" };

/** Hosts that answer their name, in their first slots; a second slot is drained, as in the steady state. */
async function run(
  size: number,
  canary: CanaryRouting | undefined,
  {
    seconds = false,
    executable = NGINX,
    ...settings
  }: Partial<NginxSettings> & {
    seconds?: boolean;
    executable?: string;
  } = {},
) {
  const directory = await temporaryDirectory();
  const healthy = JSON.stringify({ status: "UP" });
  const servers = await Promise.all(
    hostsInARow(size).map(({ name }) =>
      serveHttp((asked, answer) => void answer.end(asked.url === "/actuator/health" ? healthy : name)),
    ),
  );
  const hosts = await Promise.all(
    hostsInARow(size).map(async (host, index) => ({
      ...host,
      port: servers[index]?.port ?? 0,
      ...(seconds && { second: { address: host.address, port: await freePort() } }),
    })),
  );
  const port = await freePort();
  await mkdir(join(directory, "drained"), { recursive: true });
  const drain = async (...names: string[]) => {
    for (const name of names) await writeFile(join(directory, "drained", name), "");
  };
  const admit = async (...names: string[]) => {
    for (const name of names) await rm(join(directory, "drained", name), { force: true });
  };
  await serveNginx(
    nginxSettings({ directory, port, hosts, ...(canary && { canary }), ...settings }),
    executable,
  );
  await admit(...hosts.map(({ name }) => name));
  if (seconds) await drain(...hosts.map(({ name }) => `${name}_b`));
  const url = `http://127.0.0.1:${port}`;
  /** Who answers the next requests: enough of them that every worker sends some to every host. */
  const served = async (headers: Record<string, string> = {}) => {
    const answers = await Promise.all(
      Array.from({ length: 12 * size }, () => request(`${url}/`, { headers })),
    );
    return [...new Set(answers.map(({ status, body }) => (status === 200 ? body : String(status))))].sort();
  };
  const stop = async (name: string) => {
    const server = servers[hosts.findIndex((host) => host.name === name)]?.server;
    if (server) await close(server);
  };
  return { control: controlUrl(port), url, drain, admit, served, stop };
}

const ONE: CanaryRouting = { hosts: ["app-2"], traffic: "share" };

// The last ones have too many slots for an upstream of each combination.
describe.each([
  ["three hosts", 3, false],
  ["three hosts with two slots each", 3, true],
  ["five hosts with two slots each", 5, true],
])("a canary among %s", (_, size, seconds) => {
  const names = hostsInARow(size).map(({ name }) => name);
  const all = names.toSorted();
  const others = all.filter((name) => name !== "app-2");

  test("takes its share, and a header or a cookie decides for one request", async () => {
    const { served } = await run(size, ONE, { seconds });
    expect(await served()).toEqual(all);
    expect(await served(ALWAYS)).toEqual(["app-2"]);
    expect(await served(NEVER)).toEqual(others);
    expect(await served({ Cookie: "a=1; canary=always" })).toEqual(["app-2"]);
    expect(await served({ Cookie: "canary=never; b=2" })).toEqual(others);
    expect(await served({ ...NEVER, Cookie: "canary=always" })).toEqual(others);
    expect(await served({ "X-Canary": "sometimes" })).toEqual(all);
  });

  test("can be for testers only", async () => {
    const { served, control } = await run(size, { ...ONE, traffic: "testers" }, { seconds });
    expect(await served()).toEqual(others);
    expect(await served(ALWAYS)).toEqual(["app-2"]);
    expect(await served({ Cookie: "canary=always" })).toEqual(["app-2"]);
    // For the rollout it takes traffic.
    expect((await request(`${control}/rollgate/drained`)).body).not.toMatch(/ app-2 /);
  });

  test("is out of the way while it is drained, and takes all requests while all others are", async () => {
    const { served, drain, admit } = await run(size, { ...ONE, traffic: "testers" }, { seconds });
    await drain("app-2");
    expect(await served(ALWAYS)).toEqual(others);
    await admit("app-2");
    await drain(...others);
    expect(await served()).toEqual(["app-2"]);
    expect(await served(NEVER)).toEqual(["app-2"]);
    await drain("app-2");
    expect(await served(ALWAYS)).toEqual(["503"]);
  });

  test("keeps its testers when it serves from its second slot", async (context) => {
    context.skip(!seconds, "it has only one");
    const { served, drain, admit } = await run(size, ONE, { seconds });
    await admit("app-2_b");
    await drain("app-2");
    // Nobody listens there in this test.
    expect(await served(ALWAYS)).toEqual(["502"]);
    expect(await served(NEVER)).toEqual(others);
  });
});

test("without a canary, nobody can pick a host", async () => {
  const { served } = await run(2, undefined);
  expect(await served(ALWAYS)).toEqual(["app-1", "app-2"]);
});

describe("with nginx's JavaScript module", () => {
  const useNginx = useNjsNginx();

  test(
    "a canary is found by header and cookie, and a host that is down is left out",
    async (context) => {
      const { executable, module } = useNginx(context);
      const check = {
        path: "/actuator/health",
        intervalMilliseconds: 100,
        rise: 1,
        fall: 1,
        timeoutMilliseconds: 100,
        expect: ["2xx"],
      };
      const njs = { flavour: "njs", njsModule: module, executable, check } as const;
      const { served, stop } = await run(3, ONE, njs);
      await until(async () => (await served()).length === 3 && !(await served()).includes("503"), 10);
      expect(await served(ALWAYS)).toEqual(["app-2"]);
      expect(await served(NEVER)).toEqual(["app-1", "app-3"]);
      await stop("app-3");
      await until(async () => (await served()).length === 2, 10);
      expect(await served(NEVER)).toEqual(["app-1"]);
    },
    NJS_NGINX_MILLISECONDS,
  );
});

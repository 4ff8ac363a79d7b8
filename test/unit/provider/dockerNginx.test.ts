import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { DockerNginxInputs } from "#kinds/docker/dockerDescriptors.ts";
import { check, diff, read, remove, create as serve } from "#provider/nginx.ts";
import { serving } from "../../../harness/serving.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { dockerProxy } from "../../support/dockerHost.ts";
import { type EngineAnswer, fakeEngine } from "../../support/fakeEngine.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

// What needs an nginx in a container is tested with a real engine.
const INSPECT = "GET /containers/shop-prod-nginx/json";
const TLS = {
  ...{ port: 8443, http2: true, http3: false, redirect: true, hstsSeconds: 0 },
  profile: "intermediate" as const,
};
const stopped: EngineAnswer = { State: { Running: false, Restarting: false } };
const crashing: EngineAnswer = { State: { Running: true, Restarting: true } };

async function nginxOn(answers: Readonly<Record<string, EngineAnswer>> = {}) {
  const { url, asked } = await fakeEngine(answers);
  return { news: inputs({ engine: url }), asked };
}

function inputs(change: Partial<DockerNginxInputs> = {}): DockerNginxInputs {
  return {
    ...dockerProxy(),
    ...serving,
    hosts: [{ name: "app-1", address: "10.77.0.11", port: 8080 }],
    ...change,
  };
}

describe("check", () => {
  test.each<[string, Record<string, EngineAnswer>]>([
    ["is not there yet, as in a first preview", {}],
    ["has stopped", { [INSPECT]: stopped }],
    ["is started again and again", { [INSPECT]: crashing }],
  ])("leaves open what only the container can tell while it %s, and makes nothing", async (_, answers) => {
    const { news, asked } = await nginxOn(answers);
    expect(
      await check({
        olds: {},
        news: { ...news, __provider: "code", configuration: "old", running: true },
      }),
    ).toEqual({
      inputs: news,
    });
    expect(asked).toEqual(["GET /_ping", INSPECT]);
  });

  test("looks at a certificate given as text, even before there is an nginx", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const { news } = await nginxOn();
    const ofDays = async (days: number) => {
      const to = new Date(Date.now() + (days + 0.5) * 86_400_000);
      const { certificate, key } = await makeCertificate({ to });
      return check({ olds: {}, news: { ...news, tls: { ...TLS, certificate, key } } });
    };
    expect((await ofDays(30)).failures).toBeUndefined();
    expect(printed).not.toHaveBeenCalled();
    expect((await ofDays(20)).failures).toBeUndefined();
    expect(printed.mock.calls.join()).toMatch(
      /^warning: tls\.certificate: the certificate expires in 20 days, on \d{4}-\d\d-\d\d$/,
    );
    expect((await ofDays(-1)).failures).toEqual([
      {
        property: "tls.certificate",
        reason: expect.stringMatching(/^expected a certificate that is valid, /),
      },
    ]);
  });

  test("rejects a wrong setting, naming its path", async () => {
    const { news } = await nginxOn();
    expect((await check({ olds: {}, news: { ...news, statusAllow: ["10.0.0.0/99"] } })).failures).toEqual([
      { property: "statusAllow[0]", reason: expect.stringMatching(/^expected an address or a network/) },
    ]);
  });

  test("rejects an engine that does not answer", async () => {
    const engine = `unix://${await temporaryDirectory()}/none.sock`;
    expect((await check({ olds: {}, news: inputs({ engine }) })).failures).toEqual([
      {
        property: "engine",
        reason: expect.stringMatching(
          /^expected a Docker engine at unix:.*none\.sock, got connect ENOENT .*\. Nothing was changed\.$/,
        ),
      },
    ]);
  });
});

describe("diff", () => {
  const served = { ...inputs(), configuration: "worker_processes 2;", running: true };

  test("is empty while nginx serves what it should, whatever else changed", async () => {
    const news = { ...served, settleSeconds: 9, __provider: "new code" };
    expect(await diff({ olds: { ...served, __provider: "old code" }, news })).toEqual({
      changes: false,
      replaces: [],
    });
  });

  test("shows another configuration, or a stopped nginx, as a change of the same nginx", async () => {
    for (const olds of [{ configuration: "" }, { running: false }]) {
      expect(await diff({ olds: { ...served, ...olds }, news: served })).toEqual({
        changes: true,
        replaces: [],
      });
    }
  });

  test("treats another container as another nginx, and another address of its engine as a change", async () => {
    const replaces = ["container"];
    expect(await diff({ olds: served, news: { ...served, container: "other" } })).toEqual({
      changes: true,
      replaces,
    });
    expect(await diff({ olds: served, news: { ...served, engine: "ssh://other" } })).toEqual({
      changes: true,
      replaces: [],
    });
  });
});

describe("an nginx whose container is not running", () => {
  test("is read as serving nothing, so that the next update starts it", async () => {
    const { news } = await nginxOn({ [INSPECT]: stopped });
    const props = { ...news, configuration: "worker_processes 2;", running: true, __provider: "code" };
    const found = { ...props, configuration: "", running: false };
    expect(await read("id", props)).toEqual({ id: "id", props: found, inputs: found });
  });

  test("cannot be configured, and the end of its log says why", async () => {
    const log = "2026/01/01 00:00:00 [emerg] 1#1: bind() to 0.0.0.0:8080 failed\n";
    const { news, asked } = await nginxOn({
      [INSPECT]: crashing,
      "GET /containers/shop-prod-nginx/logs": { frames: [log] },
    });
    await expect(serve(news)).rejects.toThrow(
      expect.objectContaining({
        code: "nginx-stopped",
        message: `container shop-prod-nginx is not running: ${log.trim()}`,
      }),
    );
    expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
  });

  test("cannot be configured, and the engine says why it could not start it", async () => {
    const why = "driver failed: listen tcp4 127.0.0.1:8080: bind: address already in use";
    const { news } = await nginxOn({
      [INSPECT]: { State: { Running: false, Restarting: false, Error: why } },
    });
    await expect(serve(news)).rejects.toThrow(`container shop-prod-nginx is not running: ${why}`);
  });
});

test("an nginx that is removed takes along what killed deployers have left beside it", async () => {
  const { news, asked } = await nginxOn({
    "GET /containers/json": [{ Id: "left" }],
    "DELETE /containers/left": {},
  });
  await remove(news);
  expect(asked).toEqual(["GET /containers/json", "DELETE /containers/left"]);
});

test("an nginx whose engine is gone has nothing to take along", async () => {
  await remove(inputs({ engine: `unix://${await temporaryDirectory()}/none.sock` }));
});

test("an nginx of another kind is another nginx, and the serving one is not removed first", async () => {
  const local = { kind: "local", directory: "/srv/nginx", address: "127.0.0.1", port: 8080 };
  expect(await diff({ olds: local, news: inputs() })).toEqual({ changes: true, replaces: ["kind"] });
  expect(await diff({ olds: inputs(), news: local })).toEqual({ changes: true, replaces: ["kind"] });
});

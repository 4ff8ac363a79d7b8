import { describe, expect, test } from "vitest";
import type { DockerHostInputs } from "#kinds/docker/dockerHost.ts";
import { check, create, diff, read, remove } from "#provider/hostResource.ts";
import { dockerHost, inspected } from "../../support/dockerHost.ts";
import { type EngineAnswer, fakeEngine } from "../../support/fakeEngine.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const INSPECT = "GET /containers/shop-prod-app-1/json";
const INSPECT_SECOND = "GET /containers/shop-prod-app-1_b/json";

async function hostOn(answers: Readonly<Record<string, EngineAnswer>> = {}) {
  const { url, asked } = await fakeEngine(answers);
  const news: DockerHostInputs = { ...dockerHost({ engine: url }), graceSeconds: 35 };
  return { news, asked };
}

const LIST = "GET /containers/json";

describe("check", () => {
  test("accepts a valid host before its network exists, and creates nothing", async () => {
    const { news, asked } = await hostOn();
    expect(await check({ olds: {}, news: { ...news, __provider: "code" } })).toEqual({ inputs: news });
    expect(asked).toEqual(["GET /_ping", INSPECT, "GET /networks/shop-prod"]);
  });

  test("accepts a host whose own container runs", async () => {
    const { news } = await hostOn({ [INSPECT]: inspected() });
    expect(await check({ olds: {}, news })).toEqual({ inputs: news });
  });

  test("leaves open what only the update will know", async () => {
    const { news, asked } = await hostOn();
    const unknown = { ...news, address: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    expect(await check({ olds: {}, news: unknown })).toEqual({ inputs: unknown });
    expect(asked).toEqual([]);
  });

  test("rejects replacing a running container by one with another name", async () => {
    const { news } = await hostOn({ [INSPECT]: inspected() });
    expect(await check({ olds: news, news: { ...news, container: "other" } })).toEqual({
      failures: [
        {
          property: "container",
          reason:
            "expected shop-prod-app-1, where it is running, got other: destroy the stack first, or leave it there. Nothing was changed.",
        },
      ],
    });
  });

  test("rejects it too while only the container in the second slot runs", async () => {
    const { news } = await hostOn({ [INSPECT_SECOND]: inspected() });
    const { failures } = await check({ olds: news, news: { ...news, container: "other" } });
    expect(failures).toEqual([
      { property: "container", reason: expect.stringContaining("where it is running") },
    ]);
  });

  test("rejects a wrong setting, naming its path", async () => {
    const { news } = await hostOn();
    expect(await check({ olds: {}, news: { ...news, port: 70_000 } })).toEqual({
      failures: [{ property: "port", reason: expect.stringMatching(/^expected 1–65535, got 70000/) }],
    });
  });

  test.each([
    ["nobody's", undefined],
    ["another host's", "app-2"],
  ])("rejects the name of a container which is %s", async (_, label) => {
    const { news } = await hostOn({ [INSPECT]: inspected({ labels: { "rollgate.host": label } }) });
    expect(await check({ olds: {}, news })).toEqual({
      failures: [
        {
          property: "container",
          reason:
            "expected a container created by rollgate, got shop-prod-app-1 without its label. Nothing was changed.",
        },
      ],
    });
  });

  test("accepts another address of the same engine, and rejects another engine", async () => {
    const { url: engine } = await fakeEngine({ "GET /info": { ID: "one" } });
    const { news: same } = await hostOn({ "GET /info": { ID: "one" } });
    expect(await check({ olds: { ...same, engine }, news: same })).toEqual({ inputs: same });
    const { news } = await hostOn({ "GET /info": { ID: "two" } });
    expect(await check({ olds: { ...news, engine }, news })).toEqual({
      failures: [
        {
          property: "engine",
          reason: `expected ${engine}, where it is running, got ${news.engine}: destroy the stack first, or leave it there. Nothing was changed.`,
        },
      ],
    });
  });

  test("rejects an engine that does not answer", async () => {
    const engine = `unix://${await temporaryDirectory()}/none.sock`;
    const { failures } = await check({ olds: {}, news: { ...dockerHost({ engine }), graceSeconds: 35 } });
    expect(failures).toEqual([
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
  const news = { ...dockerHost(), graceSeconds: 35 };

  test("is empty when nothing changed", async () => {
    expect(
      await diff({ olds: { ...news, __provider: "old code" }, news: { ...news, __provider: "new code" } }),
    ).toEqual({
      changes: false,
      replaces: [],
    });
  });

  test("keeps a host that gets another address or network, since the rollout takes care of that", async () => {
    const moved = { ...news, address: "10.78.0.11", port: 9000, network: "shop-prod-2" };
    expect(await diff({ olds: news, news: moved })).toEqual({ changes: true, replaces: [] });
  });

  test("treats another kind of host as another host", async () => {
    expect(await diff({ olds: { ...news, kind: "local" }, news })).toEqual({
      changes: true,
      replaces: ["kind"],
    });
  });

  test("keeps a host that gets a second slot, another one or none any more", async () => {
    const second = { ...news, second: { address: "10.77.0.253", port: 8080 } };
    const other = { ...news, second: { address: "10.77.0.252", port: 8080 } };
    for (const [from, to] of [
      [news, second],
      [second, other],
      [other, news],
    ] as const) {
      expect(await diff({ olds: from, news: to })).toEqual({ changes: true, replaces: [] });
    }
  });

  test.each(["name", "container", "volume"])("treats another %s as another host", async (key) => {
    expect(await diff({ olds: news, news: { ...news, [key]: "other" } })).toEqual({
      changes: true,
      replaces: [key],
    });
  });
});

describe("a host", () => {
  test("creates nothing: its container comes with the rollout", async () => {
    const { news, asked } = await hostOn();
    expect(await create(news)).toEqual({ id: "shop-prod-app-1", outs: news });
    expect(asked).toEqual([]);
  });

  test("is there as long as its volume is, with or without a container", async () => {
    const { news } = await hostOn({ "GET /volumes/shop-prod-app-1": { Name: "shop-prod-app-1" } });
    expect(await read("id", news)).toEqual({ id: "id", props: news });
    expect(await read("id", (await hostOn()).news)).toEqual({ id: "", props: {} });
  });

  test("does not count as gone just because its engine has trouble", async () => {
    const { news } = await hostOn({ "GET /volumes/shop-prod-app-1": { statusCode: 500 } });
    await expect(read("id", news)).rejects.toThrow("500");
  });

  test("removes the containers of both slots, and those of dead deployers, after its grace period", async () => {
    const { news, asked } = await hostOn({
      [INSPECT]: inspected(),
      // Still there, although the settings have no second slot any more.
      [INSPECT_SECOND]: inspected(),
      [LIST]: [{ Id: "left-by-a-dead-deployer" }],
      "DELETE /containers/left-by-a-dead-deployer": {},
      "POST /containers/shop-prod-app-1/stop": {},
      "POST /containers/shop-prod-app-1_b/stop": {},
      "DELETE /containers/shop-prod-app-1": {},
      "DELETE /containers/shop-prod-app-1-before": {},
      "DELETE /containers/shop-prod-app-1_b": {},
      "DELETE /containers/shop-prod-app-1_b-before": {},
    });
    await remove(news);
    expect(asked).toEqual([
      INSPECT,
      "POST /containers/shop-prod-app-1/stop",
      INSPECT,
      INSPECT_SECOND,
      "POST /containers/shop-prod-app-1_b/stop",
      INSPECT_SECOND,
      LIST,
      "DELETE /containers/left-by-a-dead-deployer",
      "DELETE /containers/shop-prod-app-1",
      "DELETE /containers/shop-prod-app-1-before",
      "DELETE /containers/shop-prod-app-1_b",
      "DELETE /containers/shop-prod-app-1_b-before",
    ]);
  });

  test("can be removed if its containers are already gone", async () => {
    const { news } = await hostOn({ [LIST]: [] });
    await expect(remove(news)).resolves.toBeUndefined();
  });

  test("never removes a container that is not ours", async () => {
    const { news, asked } = await hostOn({ [INSPECT]: inspected({ labels: { "rollgate.host": "web" } }) });
    await expect(remove(news)).rejects.toThrow("without its label");
    expect(asked).toEqual([INSPECT]);
  });
});

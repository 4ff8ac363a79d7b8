import { beforeEach, expect, test, vi } from "vitest";
import type { FleetRequest, OrchestratedKind } from "#kinds/kind.ts";
import { KINDS, kindsOf } from "#kinds/kinds.ts";
import type { Orchestrator } from "#kinds/orchestrator.ts";
import { check, create, diff, read } from "#provider/deployment.ts";
import { InvalidInput, RollFailed } from "#rollout/common/errors.ts";
import { releaseId } from "#rollout/release/release.ts";
import { text } from "#rollout/request/fields.ts";
import { hostOf, proxyOf } from "#rollout/request/places.ts";
import { fakeJar } from "../../support/fakeJava.ts";
import { validRequest } from "../../support/rollRequest.ts";

/** A cluster that rolls its pods by itself: what runs in it, by the names of the pods, and what it was asked. */
class Cluster implements Orchestrator {
  readonly #pods: readonly string[];
  #release = "nothing";
  broken = false;
  drained = "";
  closed = 0;

  constructor(pods: readonly string[]) {
    this.#pods = pods;
  }

  async roll(...[{ release }, { minimumHealthy }, { reporter, owner }]: Parameters<Orchestrator["roll"]>) {
    reporter({ phase: "preflight", message: `${owner}: at least ${minimumHealthy} stay`, elapsedSeconds: 0 });
    if (this.broken) throw new RollFailed(`${release} failed its probes: hunter2`, []);
    this.#release = release;
    return { release, rolled: [], durationSeconds: 1, warnings: [] };
  }

  async plan() {
    return { hosts: {}, forecast: "", warnings: [] };
  }

  async survey() {
    const order = this.#pods.toSorted((a, b) => Number(b === this.drained) - Number(a === this.drained));
    const rollingOrder = order.map(
      (name) => `${name}: ${this.#release}${name === this.drained ? ", drained" : ""}`,
    );
    const releases = Object.fromEntries(this.#pods.map((name) => [name, this.#release]));
    return { url: "http://10.0.0.1:80", rollingOrder, releases };
  }

  async findRelease(name: string): Promise<string> {
    if (this.#release.startsWith(`${name}-`)) return this.#release;
    throw new InvalidInput("release", `expected ${this.#release}, got ${name}`);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

let cluster: Cluster;
const asked: FleetRequest[] = [];
const orchestra: OrchestratedKind = {
  host: hostOf("orchestra", { namespace: text }),
  proxy: proxyOf("orchestra", { service: text }),
  machineOf: ({ address }) => address,
  readSettings: () => Promise.reject(new Error("not needed here")),
  openOrchestrator: async (request) => {
    asked.push(request);
    return cluster;
  },
};
const kinds = kindsOf({ ...KINDS, orchestra });

const { jar: _, release: __, ...valid } = validRequest();
const hosts = valid.hosts.map(({ name }, index) => ({
  kind: "orchestra",
  name,
  address: `10.0.1.${index + 1}`,
  port: 8080,
  namespace: "shop",
}));
const proxy = { kind: "orchestra", address: "10.0.0.1", port: 80, service: "shop" };
const given = { ...valid, hosts, proxies: [proxy], environment: { PASSWORD: "hunter2" } };

beforeEach(() => {
  cluster = new Cluster(hosts.map(({ name }) => name));
  asked.length = 0;
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

test("a kind with its own orchestrator is checked, rolled and read like any other, without opening its hosts", async () => {
  const jar = await fakeJar({ version: "1.0.0" });
  const release = releaseId(jar);
  const { inputs = {} } = await check({ olds: {}, news: { ...given, jar: { path: jar.path } } }, kinds);
  expect(inputs.rollingOrder).toEqual(hosts.map(({ name }) => `${name}: ${release}`));
  expect(asked).toEqual([]);

  const { outs } = await create(inputs, kinds);
  expect(asked).toMatchObject([{ hosts, proxies: [proxy], environment: { PASSWORD: "hunter2" } }]);
  expect(outs).toMatchObject({
    url: "http://10.0.0.1:80",
    durationSeconds: 1,
    releases: { "app-1": release },
  });
  expect(console.log).toHaveBeenCalledWith(expect.stringMatching(/@.* \(pid \d+\): at least 2 stay/));
  const found = await read("id", outs, kinds);
  expect(await diff({ olds: found.props, news: inputs })).toEqual({ changes: false });
  expect(cluster.closed).toBe(2);
});

test("a release that the orchestrator keeps is rolled to by name", async () => {
  const jar = await fakeJar({ version: "1.0.0" });
  const { inputs = {} } = await check({ olds: {}, news: { ...given, jar: { path: jar.path } } }, kinds);
  await create(inputs, kinds);
  expect((await check({ olds: {}, news: { ...given, release: "1.0.0" } }, kinds)).inputs).toMatchObject({
    release: releaseId(jar),
  });
  expect((await check({ olds: {}, news: { ...given, release: "0.9.0" } }, kinds)).failures).toMatchObject([
    { property: "release", reason: expect.stringContaining("got 0.9.0") },
  ]);
});

test("a failed roll of the orchestrator leaves in the state what really runs, and shows no secret", async () => {
  const jar = await fakeJar({ version: "1.0.0" });
  const { inputs = {} } = await check({ olds: {}, news: { ...given, jar: { path: jar.path } } }, kinds);
  cluster.broken = true;
  const error: unknown = await create(inputs, kinds).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ properties: { releases: { "app-1": "nothing" } } });
  expect(Object(error).reasons.join()).toContain("failed its probes");
  expect(Object(error).reasons.join()).not.toContain("hunter2");
  expect(cluster.closed).toBe(1);
});

test("its hosts and its proxy may have the same port on different machines", async () => {
  const jar = { path: "/nowhere/app.jar", version: "1", sha256: "a".repeat(64) };
  const change = (port: number, address: string) => ({
    olds: {},
    news: { ...given, jar, proxies: [{ ...proxy, address, port }] },
  });
  expect((await check(change(8080, "10.0.0.1"), kinds)).failures).toBeUndefined();
  expect((await check(change(8080, "10.0.1.2"), kinds)).failures).toMatchObject([
    { property: "proxies[0].port" },
  ]);
});

test("an image whose digest only the update knows leaves everything else of a preview as it is", async () => {
  const jar = await fakeJar({ version: "1.0.0" });
  const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const news = { ...given, jar: { path: jar.path } };
  const preview = await check({ olds: {}, news: { ...news, image: UNKNOWN } }, kinds);
  expect(preview.inputs).toMatchObject({ release: releaseId(jar), image: UNKNOWN });
  expect(preview.inputs?.rollingOrder).toEqual(hosts.map(({ name }) => `${name}: ${releaseId(jar)}`));

  const { inputs = {} } = await check({ olds: {}, news: { ...news, image: "shop@sha256:1" } }, kinds);
  const { outs } = await create(inputs, kinds);
  expect(asked.at(-1)).toMatchObject({ image: "shop@sha256:1" });
  const again = await check({ olds: outs, news: { ...news, image: "shop@sha256:1" } }, kinds);
  expect(await diff({ olds: outs, news: again.inputs ?? {} })).toEqual({ changes: false });
  const moved = await check({ olds: outs, news: { ...news, image: "shop@sha256:2" } }, kinds);
  expect(await diff({ olds: outs, news: moved.inputs ?? {} })).toEqual({ changes: true });
});

test("a large fleet is shown by its differences, and an update with nothing to do changes nothing", async () => {
  const many = Array.from({ length: 60 }, (_, index) => ({
    ...hosts[0],
    name: `app-${index + 1}`,
    address: `10.0.1.${index + 1}`,
  }));
  cluster = new Cluster(many.map(({ name }) => name));
  const news = { ...given, hosts: many, jar: { path: (await fakeJar({ version: "1.0.0" })).path } };
  const { inputs = {} } = await check({ olds: {}, news }, kinds);
  expect(inputs.rollingOrder).toEqual([`app-1…app-60: ${inputs.release}`]);
  const { outs } = await create(inputs, kinds);
  const found = await read("id", outs, kinds);
  const again = await check({ olds: found.inputs ?? {}, news }, kinds);
  expect(await diff({ olds: found.props, news: again.inputs ?? {} })).toEqual({ changes: false });

  cluster.drained = "app-7";
  const drifted = await read("id", outs, kinds);
  const release = String(inputs.release);
  expect(drifted.inputs?.rollingOrder).toEqual([
    `app-7: ${release}, drained`,
    `app-1…app-6, app-8…app-60: ${release}`,
  ]);
  const repair = await check({ olds: drifted.inputs ?? {}, news }, kinds);
  expect(repair.inputs?.rollingOrder).toEqual([`app-7, app-1…app-6, app-8…app-60: ${release}`]);
  expect(await diff({ olds: drifted.props, news: repair.inputs ?? {} })).toEqual({ changes: true });
});

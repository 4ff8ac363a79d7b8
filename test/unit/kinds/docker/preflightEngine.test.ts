import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { preflightEngine, type WantedOnEngine } from "#kinds/docker/preflightEngine.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { dockerHost, dockerProxy } from "../../../support/dockerHost.ts";
import { type EngineAnswer, fakeEngine } from "../../../support/fakeEngine.ts";
import { withoutDockerSettings } from "../../../support/withoutDockerSettings.ts";

withoutDockerSettings();

const NETWORK = "GET /networks/shop-prod";

/** A network as an engine tells of it; `occupants` are containers by their addresses. */
function network(subnet: string, occupants: Readonly<Record<string, string>> = {}, Name = "shop-prod") {
  const Containers = Object.fromEntries(
    Object.entries(occupants).map(([address, container]) => [
      container,
      { Name: container, IPv4Address: `${address}/24` },
    ]),
  );
  return { Name, IPAM: { Config: [{ Subnet: subnet, Gateway: "10.77.0.1" }] }, Containers };
}

/** What is said against a stack on an engine that has these things, and what the engine was asked to change. */
async function preflight(
  answers: Readonly<Record<string, EngineAnswer>>,
  change: Partial<WantedOnEngine> = {},
): Promise<string> {
  const { url: engine, asked } = await fakeEngine(answers);
  const wanted: WantedOnEngine = {
    hosts: [dockerHost({ engine })],
    network: { name: "shop-prod", subnet: "10.77.0.0/24" },
    proxies: [dockerProxy({ engine, port: await freePort() })],
    serving: { serverNames: [] },
    images: { containerImage: "jre:17", nginxImage: "nginx:stable" },
    ...change,
  };
  const outcome = await preflightEngine(openEngine(engine), wanted).then(
    () => "ready",
    ({ message }) => message,
  );
  expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
  return outcome;
}

test("an engine may have nothing of a stack yet, or all of it", async () => {
  expect(await preflight({})).toBe("ready");
  const own = network("10.77.0.0/24", { "10.77.0.2": "shop-prod-nginx", "10.77.0.11": "shop-prod-app-1" });
  expect(await preflight({ [NETWORK]: own, "GET /images/jre:17/json": { Id: "1" } })).toBe("ready");
});

test("another subnet is rejected if the network exists, since everything depends on the network", async () => {
  expect(await preflight({ [NETWORK]: network("10.78.0.0/24") })).toBe(
    "dockerSubnet: expected 10.78.0.0/24, the subnet of the network shop-prod, got 10.77.0.0/24: destroy the stack first, or keep the subnet",
  );
});

test("a subnet that overlaps another network is rejected, naming that network", async () => {
  const others = [network("10.76.0.0/16", {}, "elsewhere"), network("10.77.0.128/25", {}, "billing")];
  expect(await preflight({ "GET /networks": others })).toBe(
    "dockerSubnet: expected a subnet that no network of the engine uses, got 10.77.0.0/24, which overlaps 10.77.0.128/25 of the network billing",
  );
});

test("an address that another container still has is rejected with what to do", async () => {
  const own = network("10.77.0.0/24", { "10.77.0.12": "shop-prod-app-2" });
  const renamed = dockerHost({ name: "web-2", container: "shop-prod-web-2", address: "10.77.0.12" });
  expect(await preflight({ [NETWORK]: own }, { hosts: [renamed] })).toBe(
    "hosts[0].address: expected a free address, got 10.77.0.12, which is taken by the container shop-prod-app-2: to rename a host or reuse its address, remove the old one and run pulumi up, then add web-2; or give web-2 another address",
  );
});

test("the second address of a host may be its own container's, and nobody else's", async () => {
  const hosts = [dockerHost({ second: { address: "10.77.0.253", port: 8080 } })];
  const with253 = (name: string) => ({ [NETWORK]: network("10.77.0.0/24", { "10.77.0.253": name }) });
  expect(await preflight(with253("shop-prod-app-1_b"), { hosts })).toBe("ready");
  expect(await preflight(with253("billing"), { hosts })).toBe(
    "hosts[0].secondAddress: expected a free address, got 10.77.0.253, which is taken by the container billing: to rename a host or reuse its address, remove the old one and run pulumi up, then add app-1; or give app-1 another secondAddress",
  );
});

test("a port that another container publishes is rejected, its own container's is not", async () => {
  const port = await freePort();
  const publishing = (name: string) => [
    { Names: [`/${name}`], Ports: [{ PrivatePort: 80, PublicPort: port, IP: "0.0.0.0" }] },
  ];
  const proxy = dockerProxy({ port });
  expect(
    await preflight({ "GET /containers/json": publishing("shop-prod-nginx") }, { proxies: [proxy] }),
  ).toBe("ready");
  expect(await preflight({ "GET /containers/json": publishing("billing") }, { proxies: [proxy] })).toBe(
    `proxies[0].port: expected a free port at 127.0.0.1, got ${port}, which is taken by the container billing`,
  );
});

test("a port that a process on this machine has is rejected for an engine on this machine", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const port = Number(Object(server.address()).port);
  expect(await preflight({}, { proxies: [dockerProxy({ port })] })).toBe(
    `proxies[0].port: expected a free port at 127.0.0.1, got ${port}, which is taken by a process on this machine`,
  );
  const elsewhere = dockerProxy({ port, engine: "ssh://deploy@10.0.0.5" });
  expect(await preflight({}, { proxies: [elsewhere] })).toBe("ready");
});

test("an image that neither the engine nor its registry has is rejected, naming the setting", async () => {
  const unknown = { "GET /distribution/jre:17/json": { statusCode: 404 } };
  expect(await preflight(unknown)).toBe(
    "containerImage: expected an image that can be pulled, got jre:17: /distribution/jre:17/json: 404",
  );
  expect(await preflight({ ...unknown, "GET /images/jre:17/json": { Id: "1" } })).toBe("ready");
});

test("a registry that needs a login is rejected with the command for it; one that is unreachable is left to the pull", async () => {
  const image = "registry.example:5000/jre:17";
  const images = { containerImage: image, nginxImage: "nginx:stable" };
  const question = `GET /distribution/${image}/json`;
  expect(await preflight({ [question]: { statusCode: 401 } }, { images })).toBe(
    `containerImage: expected an image that can be pulled, got ${image}: /distribution/${image}/json: 401 (does it exist, and has this user run \`docker login registry.example:5000\`?)`,
  );
  expect(await preflight({ [question]: { statusCode: 500 } }, { images })).toBe("ready");
});

test("a port for HTTPS that another container publishes is rejected", async () => {
  const port = await freePort();
  const containers = [{ Names: ["/other"], Ports: [{ IP: "0.0.0.0", PublicPort: 8443 }] }];
  const proxies = [dockerProxy({ port, tlsPort: 8443 })];
  expect(await preflight({ "GET /containers/json": containers }, { proxies })).toBe(
    "proxies[0].tlsPort: expected a free port at 127.0.0.1, got 8443, which is taken by the container other",
  );
});

import pLimit from "p-limit";
import { describe, expect, test } from "vitest";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openDockerHost } from "#kinds/docker/openDockerHost.ts";
import { openEngine } from "#kinds/docker/openEngine.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { ContainerSpec } from "#rollout/request/launch.ts";
import { dockerHost, inspected } from "../../../support/dockerHost.ts";
import { type EngineAnswer, fakeEngine } from "../../../support/fakeEngine.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const image: ContainerSpec = { image: "jre:17", user: "10001", memoryMegabytes: 0, milliCpus: 0 };
const everything: Readonly<Record<string, EngineAnswer>> = {
  "GET /info": { NCPU: 2 },
  "GET /images/jre:17/json": { Id: "sha256:1" },
  "GET /volumes/shop-prod-app-1": { Name: "shop-prod-app-1" },
  "GET /networks/shop-prod": { Name: "shop-prod" },
};
const notThere = { statusCode: 404 };

/** What stands against a host whose engine has everything but what `change` says. */
async function preflight(change: Readonly<Record<string, EngineAnswer>> = {}, container = image) {
  const { url, asked } = await fakeEngine({ ...everything, ...change });
  const { launch, environment, health } = validRequest();
  const docker = openEngine(url);
  const keeper = new FileKeeper(docker, [], "shop-prod-nginx");
  const parts = openDockerHost(docker, keeper, Object(undefined), dockerHost({ engine: url }));
  const policy = { launch: { ...launch, container }, environment, health, uploads: pLimit(1) };
  const outcome = await new MachineAppHost(parts, policy).preflight(new AbortController().signal).then(
    () => "ready",
    ({ code, message }) => `${code}: ${message}`,
  );
  // Whatever comes out, nothing was changed.
  expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
  return outcome;
}

describe("before a roll, a host", () => {
  test("is ready if nothing runs yet, or a container of ours", async () => {
    expect(await preflight()).toBe("ready");
    expect(await preflight({ "GET /containers/shop-prod-app-1/json": inspected() })).toBe("ready");
  });

  test.each([
    [
      "image",
      "GET /images/jre:17/json",
      "no-image: app-1 is not ready: expected the image jre:17, got none on the engine",
    ],
    [
      "volume",
      "GET /volumes/shop-prod-app-1",
      "no-volume: app-1 is not ready: expected the volume shop-prod-app-1, got none on the engine",
    ],
    [
      "network",
      "GET /networks/shop-prod",
      "no-network: app-1 is not ready: expected the network shop-prod, got none on the engine",
    ],
  ])("is not ready without its %s", async (_, request, message) => {
    expect(await preflight({ [request]: notThere })).toBe(message);
  });

  test("may have all CPUs of the engine, but not more", async () => {
    expect(await preflight({}, { ...image, milliCpus: 2000 })).toBe("ready");
    expect(await preflight({}, { ...image, milliCpus: 2500 })).toBe(
      "too-few-processors: app-1 is not ready: expected at most the engine's 2 CPUs, got 2.5 (containerCpus)",
    );
  });

  test("is not ready while another container has its name", async () => {
    const foreign = inspected({ labels: { "rollgate.host": undefined } });
    expect(await preflight({ "GET /containers/shop-prod-app-1/json": foreign })).toBe(
      "name-taken: app-1 cannot tell who has its port: expected a container created by rollgate, got shop-prod-app-1 without its label",
    );
  });

  test("is not ready while another container has its address, but is with its own container being restarted", async () => {
    const having = (Name: string) => ({
      "GET /networks/shop-prod": { Containers: { id: { Name, IPv4Address: "10.77.0.11/24" } } },
    });
    expect(await preflight(having("billing"))).toBe(
      "port-taken: port 8080 of app-1 is taken by container billing, which has the address 10.77.0.11",
    );
    expect(await preflight(having("shop-prod-app-1"))).toBe("ready");
  });

  test("reports the engine's own message", async () => {
    expect(await preflight({ "GET /networks/shop-prod": { statusCode: 500 } })).toBe(
      "docker: app-1 is not ready: cannot see its network: /networks/shop-prod: 500",
    );
  });
});

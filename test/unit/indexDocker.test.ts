import { join } from "node:path";
import { expect, test } from "vitest";
import { writeJar } from "../../harness/zip.ts";
import { fakeEngine } from "../support/fakeEngine.ts";
import { ownCopy } from "../support/ownCopy.ts";
import { configure, mockPulumi } from "../support/pulumi.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";
import { withoutDockerSettings } from "../support/withoutDockerSettings.ts";

withoutDockerSettings();

test("on a Docker engine, all Docker resources use that engine's provider, and the rollout comes last", async () => {
  const { tree, resources } = await mockPulumi();
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  const { url, asked } = await fakeEngine();
  await configure({ jar, kind: "docker", dockerEngine: url, dockerSubnet: "10.77.0.0/24" });
  const program: typeof import("../../index.ts") = await import(ownCopy("index.ts"));
  const names = (await tree()).map((urn) => urn.split("::").at(-1));
  expect(names.toSorted()).toEqual(
    [
      ...["engine", "app", "app-network", "app-image", "app-app-1-releases", "app-app-2-releases"],
      ...["app-app-1", "app-app-2", "nginx", "nginx-base", "nginx-image", "nginx-files", "nginx-container"],
      ...["nginx-server", "rollout"],
    ].sort(),
  );
  expect(names.at(0)).toBe("engine");
  expect(names.indexOf("nginx-container")).toBeGreaterThan(names.indexOf("app-network"));
  expect(names.slice(-2)).toEqual(["nginx-server", "rollout"]);
  for (const { type, provider } of resources.filter(({ type }) => type.startsWith("docker:"))) {
    expect([type, provider]).toEqual([type, expect.stringMatching(/::pulumi:providers:docker::engine::/)]);
  }
  const inputs = Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
  expect(inputs.engine).toMatchObject({ host: url });
  expect(inputs["app-network"]).toMatchObject({ name: "rollgate-test" });
  expect(inputs["nginx-container"]).toMatchObject({ name: "rollgate-test-nginx" });
  expect(inputs["nginx-server"]).toMatchObject({
    engine: url,
    container: "rollgate-test-nginx",
    hosts: [
      { name: "app-1", address: "10.77.0.11", port: 8081 },
      { name: "app-2", address: "10.77.0.12", port: 8082 },
    ],
  });
  expect(inputs.rollout).toMatchObject({
    jar: { path: jar, version: "1.2.3" },
    hosts: [{ container: "rollgate-test-app-1" }, { container: "rollgate-test-app-2" }],
    proxies: [{ kind: "docker", engine: url, container: "rollgate-test-nginx" }],
  });
  expect(Object.keys(program).sort()).toEqual(["durationSeconds", "ledger", "releases", "report", "url"]);
  // Looked for before anything is declared, and nothing made.
  expect(asked[0]).toBe("GET /_ping");
  expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
});

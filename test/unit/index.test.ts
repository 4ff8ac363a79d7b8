import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { writeJar } from "../../harness/zip.ts";
import { ownCopy } from "../support/ownCopy.ts";
import { configure, mockPulumi, secret } from "../support/pulumi.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

test("the program declares hosts, nginx and the rollout, in this order, from the settings alone", async () => {
  const { tree, resources } = await mockPulumi();
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  await configure({ jar, environment: { PASSWORD: "hunter2" }, directory: "somewhere" });
  const program: typeof import("../../index.ts") = await import(ownCopy("index.ts"));
  expect(await tree()).toEqual([
    "rollgate:index:AppHosts::app",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-1",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-2",
    "rollgate:index:CheckingNginx::nginx",
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-server",
    "pulumi-nodejs:dynamic/rollgate:RollingDeployment::rollout",
  ]);

  const root = resolve("somewhere");
  const address = "127.0.0.1";
  const hosts = [
    { name: "app-1", address, port: 8081, second: { address, port: 18_081 } },
    { name: "app-2", address, port: 8082, second: { address, port: 18_082 } },
  ].map((host) => ({ kind: "local", ...host, directory: `${root}/hosts/${host.name}` }));
  const proxy = { kind: "local", directory: `${root}/nginx`, address: "127.0.0.1", port: 8080 };
  const inputs = Object.fromEntries(
    resources.map((resource) => {
      const { __provider, ...own } = resource.inputs;
      return [resource.name, own];
    }),
  );
  expect(inputs["app-app-1"]).toEqual({ ...hosts[0], java: "java", graceSeconds: 35 });
  expect(inputs["app-app-2"]).toEqual({ ...hosts[1], java: "java", graceSeconds: 35 });
  expect(inputs["nginx-server"]).toMatchObject({
    ...proxy,
    executable: "nginx",
    flavour: "auto",
    hosts: hosts.map(({ name, address, port, second }) => ({ name, address, port, second })),
    healthPath: "/actuator/health",
    settleSeconds: 30,
  });
  expect(inputs.rollout).toMatchObject({
    jar: { path: jar, version: "1.2.3" },
    hosts,
    proxies: [proxy],
    environment: secret({ PASSWORD: "hunter2" }),
    minimumHealthy: 1,
  });
  expect(Object.keys(program).sort()).toEqual(["durationSeconds", "ledger", "releases", "report", "url"]);
});

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect, onTestFinished, test, vi } from "vitest";
import { RollingService, type RollingServiceArgs } from "../../../components/rollingService.ts";
import { writeJar } from "../../../harness/zip.ts";
import { SETTINGS_TYPES, settingsTypes } from "../../../tools/settingsTypes.ts";
import { mockPulumi, secret } from "../../support/pulumi.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const HOSTS = [
  { name: "app-1", port: 8081 },
  { name: "app-2", port: 8082 },
];

class Server extends pulumi.CustomResource {
  declare readonly port: pulumi.Output<number>;
  constructor(name: string) {
    super("cloud:index:Server", name, { port: 8081 });
  }
}

class ReadyService extends RollingService {
  ready = () => this.getData();
}

/** What a service with these settings, besides a jar and two hosts, declares. */
async function declared(
  more:
    | Partial<RollingServiceArgs>
    | ((server: (name: string) => Server) => Partial<RollingServiceArgs>) = {},
  options?: () => pulumi.ComponentResourceOptions,
) {
  const { tree, resources, dependencies } = await mockPulumi({ project: "company", stack: "dev" });
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  const settings = typeof more === "function" ? more((name) => new Server(name)) : more;
  const service = new ReadyService("shop", { kind: "local", jar, hosts: HOSTS, ...settings }, options?.());
  await service.ready();
  const declarations = await tree();
  const inputs = Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
  return { tree: declarations, inputs, jar, service, dependencies };
}

test("a service declares its hosts, nginx and the rollout as its children", async () => {
  const { tree } = await declared();
  expect(tree).toEqual([
    "rollgate:index:RollingService::shop",
    "rollgate:index:RollingService$rollgate:index:AppHosts::shop-app",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::shop-app-app-1",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::shop-app-app-2",
    "rollgate:index:RollingService$rollgate:index:CheckingNginx::shop-nginx",
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::shop-nginx-server",
    "rollgate:index:RollingService$pulumi-nodejs:dynamic/rollgate:RollingDeployment::shop-rollout",
  ]);
});

test("what a program doesn't set is as in a stack file, in folders named after stack and service", async () => {
  const { inputs, jar } = await declared({ soakSeconds: 1, batch: ["50%"] });
  expect(inputs["shop-rollout"]).toMatchObject({
    jar: { path: jar, version: "1.2.3" },
    hosts: HOSTS.map((host) => ({ ...host, directory: resolve(`.rollgate/dev-shop/hosts/${host.name}`) })),
    timing: { soakSeconds: 1, settleSeconds: 30 },
    batch: ["50%"],
    keepReleases: 3,
    stack: "dev-shop",
    settings: { "shop:soakSeconds": 1, "shop:batch": ["50%"] },
  });
  expect(inputs["shop-nginx-server"]).toMatchObject({
    name: expect.stringMatching(/_company_dev_shop$/),
    port: 8080,
  });
});

test("settings may be outputs of other resources, and parts of settings too", async () => {
  const { inputs } = await declared({
    nginxPort: pulumi.output(8090),
    hosts: [{ name: "app-1", address: pulumi.output("10.0.0.1"), port: 8081 }],
  });
  expect(inputs["shop-nginx-server"]).toMatchObject({ port: 8090, hosts: [{ address: "10.0.0.1" }] });
});

test("what sets up a server depends on the resources of that server alone", async () => {
  said("info");
  const { dependencies } = await declared((server) => {
    const addressOf = (name: string) => server(name).port.apply(() => unknown);
    return {
      kind: "ssh",
      hosts: [{ name: "app-1", server: addressOf("server-1"), address: addressOf("server-2") }],
      nginxServers: [{ server: addressOf("web") }],
    };
  });
  expect(dependencies("shop-app-app-1-server").sort()).toEqual(["server-1", "server-2"]);
  expect(dependencies("shop-nginx-machine")).toEqual(["web"]);
  expect(dependencies("shop-nginx-server").sort()).toEqual(["shop-nginx-machine", "web"]);
});

test("a host depends on its server, the rollout on all hosts, and everything on what the service depends on", async () => {
  const { dependencies } = await declared(
    (server) => ({
      hosts: HOSTS.map(({ name }, index) => ({
        name,
        port: server(`server-${index + 1}`).port.apply((port) => port + index),
      })),
      nginxPort: server("web").port.apply(() => 8080),
    }),
    () => ({ dependsOn: [new Server("firewall")] }),
  );
  const common = ["firewall", "web"];
  expect(dependencies("shop-app-app-1").sort()).toEqual([...common, "server-1"].sort());
  expect(dependencies("shop-app-app-2").sort()).toEqual([...common, "server-2"].sort());
  expect(dependencies("shop-nginx-server").sort()).toEqual(common);
  const hosts = ["shop-app-app-1", "shop-app-app-2"];
  expect(dependencies("shop-rollout")).toEqual(
    expect.arrayContaining([...common, ...hosts, "shop-nginx-server"]),
  );
});

test("an environment is secret in the state, whether or not the program says so", async () => {
  const { inputs } = await declared({ environment: { PASSWORD: "hunter2", SIZE: 3 } });
  expect(inputs["shop-rollout"]?.environment).toEqual(secret({ PASSWORD: "hunter2", SIZE: "3" }));
  expect(JSON.stringify({ ...inputs, "shop-rollout": {} })).not.toContain("hunter2");
});

test("a wrong setting is one line that names the service and the setting", async () => {
  await expect(declared({ nginxPort: 0 })).rejects.toThrow(
    /^shop:nginxPort: expected 1–65535, got 0\. Nothing was changed\.$/,
  );
});

test.each([
  { kind: "local" as const },
  { kind: "docker" as const },
  { kind: "ssh" as const, nginxServers: [{ server: "deploy@web" }] },
])("a service without the hosts that its kind needs is rejected: %o", async (settings) => {
  const service = new ReadyService("shop", { ...settings, jar: "app.jar" });
  await expect(service.ready()).rejects.toThrow(
    /^shop:hosts: expected at least one host, got none\. Nothing was changed\.$/,
  );
});

test("a secret where only plain values are kept is rejected", async () => {
  await expect(declared({ nginxAddress: pulumi.secret("127.0.0.1") })).rejects.toThrow(
    "shop:nginxAddress: expected a plain value, got a secret",
  );
});

/** What a preview says to its user. */
function said(level: "info" | "warn"): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(pulumi.log, level).mockImplementation(async (line) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

const unknown = pulumi.output(pulumi.unknown).apply(String);

const SERVERS = {
  kind: "ssh",
  hosts: [
    { name: "app-1", server: pulumi.interpolate`deploy@${unknown}`, address: unknown },
    { name: "app-2", server: "deploy@nowhere.invalid", address: "10.0.0.2" },
  ],
  nginxServers: [{ server: pulumi.interpolate`deploy@${unknown}` }],
} satisfies Partial<RollingServiceArgs>;

test("a preview shows a service on servers that don't exist yet, and asks nothing of any server", async () => {
  const lines = said("info");
  const { tree, inputs } = await declared(SERVERS);
  expect(lines).toEqual([
    "app-1 at an address known after its server exists, nginx at an address known after its server exists. This preview asks nothing of them.",
  ]);
  expect(tree).toContain(
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:SshServer::shop-app-app-1-server",
  );
  expect(tree).toContain(
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::shop-nginx-server",
  );
  expect(inputs["shop-app-app-1"]).toMatchObject({
    name: "app-1",
    port: 8080,
    server: undefined,
    address: undefined,
  });
  expect(inputs["shop-app-app-2"]).toMatchObject({ server: "deploy@nowhere.invalid", address: "10.0.0.2" });
  expect(inputs["shop-nginx-server"]).toMatchObject({ port: 8080, server: undefined });
});

test("a preview that can't know how many hosts there are says so, and asks nothing", async () => {
  const lines = said("warn");
  const hosts = pulumi.output(pulumi.unknown).apply(() => HOSTS);
  const { tree, service } = await declared({ jar: "/not/there.jar", hosts });
  expect(await Object(service.url).isKnown).toBe(false);
  expect(tree).toEqual(["rollgate:index:RollingService::shop"]);
  expect(lines).toEqual([
    "shop:hosts: known only once other resources exist, so this preview leaves shop out, and nothing was asked. What it lists of shop as deleted stays.",
  ]);
});

test("a preview reads the settings that it knows as ever", async () => {
  await expect(declared({ ...SERVERS, nginxPort: 0 })).rejects.toThrow(
    "shop:nginxPort: expected 1–65535, got 0",
  );
  await expect(declared({ ...SERVERS, jar: "/not/there.jar" })).rejects.toThrow(/^shop:jar: /);
});

test("the types are those of Pulumi.yaml", async () => {
  expect(await readFile(SETTINGS_TYPES, "utf8"), "run `npm run types`").toBe(await settingsTypes());
});

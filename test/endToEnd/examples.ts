import { join } from "node:path";
import { expect, test } from "vitest";
import { writeJar } from "../../harness/zip.ts";
import { fakeEngine } from "../support/fakeEngine.ts";
import { secret } from "../support/pulumi.ts";
import type { DeclaredResource, ProgramRun } from "./declareProgram.ts";
import type { ExamplePrograms } from "./examplePrograms.ts";

/** What the example programs declare, by their types and on Pulumi's mocks. */
export function testExamples(given: () => ExamplePrograms): void {
  /** The resources of an example by name, or by type and name if several have that name. */
  async function declare(name: string, { project = "shop", config = {}, ...more }: Partial<ProgramRun>) {
    const settings = Object.entries(config).map(([key, value]) => [`${project}:${key}`, value]);
    const run = { project, config: Object.fromEntries(settings), outputs: {}, answers: {}, ...more };
    const resources = await given().declare(name, run);
    return (wanted: string): DeclaredResource => {
      const found = resources.filter((each) => [each.name, `${each.type} ${each.name}`].includes(wanted));
      expect(
        found.map((each) => each.type),
        wanted,
      ).toHaveLength(1);
      return Object(found[0]);
    };
  }

  const cloud = () => ({
    jar: given().jar,
    sshPublicKey: "ssh-ed25519 AAAA",
    sshFrom: '["203.0.113.7/32"]',
  });
  const NAMES = ["app-1", "app-2", "web"];
  const publicKey = (name: string) => `ssh-ed25519 ${name.replace("-", "")}\n`;
  /** Each server has a host key of its own. */
  const hostKeys = Object.fromEntries(
    NAMES.map((name) => [
      `${name}-host-key`,
      { privateKeyOpenssh: `the key of ${name}\n`, publicKeyOpenssh: publicKey(name) },
    ]),
  );
  const cloudConfig = (name: string) =>
    [
      "#cloud-config",
      `{"users":["default",{"name":"deploy","shell":"/bin/sh","ssh_authorized_keys":["ssh-ed25519 AAAA"]}],"ssh_keys":{"ed25519_private":"the key of ${name}\\n"}}`,
      "",
    ].join("\n");
  const ofServer = (name: string, number: number) => ({
    server: `deploy@203.0.113.${number}`,
    hostKey: publicKey(name),
  });

  /** The service is on servers that the same program makes. */
  function expectServiceOnServers(resource: (name: string) => DeclaredResource, user: string): void {
    for (const number of [1, 2]) {
      const place = {
        ...ofServer(`app-${number}`, 10 + number),
        address: `10.0.0.${10 + number}`,
        port: 8080,
      };
      expect(resource(`shop-app-app-${number}`)).toMatchObject({
        inputs: { ...place, second: { address: place.address, port: 18_080 } },
        dependencies: [`app-${number}`, `app-${number}-host-key`, `shop-app-app-${number}-server`],
      });
      expect(resource(`shop-app-app-${number}-server`).inputs).toMatchObject({ place, user });
    }
    expect(resource("shop-nginx-server")).toMatchObject({
      inputs: { ...ofServer("web", 10), address: "0.0.0.0", port: 80 },
      dependencies: ["shop-nginx-machine", "web", "web-host-key"],
    });
    const { inputs, dependencies } = resource("shop-rollout");
    expect(inputs).toMatchObject({ jar: { version: "1.2.3" }, stack: "prod-shop" });
    const before = ["shop-app-app-1", "shop-app-app-2", "shop-nginx-server"];
    expect(dependencies).toEqual(expect.arrayContaining(before));
  }

  test("are right by the types of what is packed", async () => {
    expect(given().names).toEqual([
      "automation",
      "aws",
      "existing-nginx",
      "hetzner",
      "remote-docker",
      "two-services",
    ]);
    await given().typeCheck();
  });

  test("at Hetzner, nginx alone is open to everybody, and the service is on the servers' addresses", async () => {
    const resource = await declare("hetzner", {
      config: cloud(),
      outputs: {
        ...hostKeys,
        web: { ipv4Address: "203.0.113.10" },
        "app-1": { ipv4Address: "203.0.113.11" },
        "app-2": { ipv4Address: "203.0.113.12" },
      },
    });
    const ssh = { direction: "in", protocol: "tcp", port: "22", sourceIps: ["203.0.113.7/32"] };
    const http = { ...ssh, port: "80", sourceIps: ["0.0.0.0/0", "::/0"] };
    const firewall = "hcloud:index/firewall:Firewall";
    expect(resource(`${firewall} app`).inputs.rules).toEqual([ssh]);
    expect(resource(`${firewall} web`).inputs.rules).toEqual([ssh, http]);
    for (const [name, ip] of [
      ["app-1", "10.0.0.11"],
      ["app-2", "10.0.0.12"],
      ["web", "10.0.0.10"],
    ] as const) {
      const { inputs, dependencies } = resource(`hcloud:index/server:Server ${name}`);
      expect(inputs).toMatchObject({ networks: [{ ip }], userData: cloudConfig(name) });
      expect(dependencies).toEqual(expect.arrayContaining([name === "web" ? "web" : "app", "deployer"]));
    }
    expectServiceOnServers(resource, "root");
  });

  test("on EC2, only nginx's group gets to the applications, and the service is on the servers' addresses", async () => {
    const resource = await declare("aws", {
      config: cloud(),
      outputs: {
        ...hostKeys,
        web: { id: "sg-web", publicIp: "203.0.113.10" },
        "app-1": { publicIp: "203.0.113.11", privateIp: "10.0.0.11" },
        "app-2": { publicIp: "203.0.113.12", privateIp: "10.0.0.12" },
      },
      answers: {
        "aws:ec2/getVpc:getVpc": { id: "vpc-1" },
        "aws:ec2/getSubnets:getSubnets": { ids: ["subnet-a", "subnet-b"] },
        "aws:ec2/getAmi:getAmi": { id: "ami-debian" },
      },
    });
    const tcp = (port: number) => ({ protocol: "tcp", fromPort: port, toPort: port });
    const ssh = { ...tcp(22), cidrBlocks: ["203.0.113.7/32"] };
    const group = "aws:ec2/securityGroup:SecurityGroup";
    const ofWeb = { securityGroups: [expect.stringMatching(/^\d+$/)] };
    expect(resource(`${group} web`).inputs.ingress).toEqual([ssh, { ...tcp(80), cidrBlocks: ["0.0.0.0/0"] }]);
    expect(resource(`${group} app`)).toMatchObject({
      inputs: { ingress: [ssh, { ...tcp(8080), ...ofWeb }, { ...tcp(18_080), ...ofWeb }] },
      dependencies: ["web"],
    });
    for (const [name, subnetId] of [
      ["app-1", "subnet-a"],
      ["app-2", "subnet-b"],
      ["web", "subnet-a"],
    ] as const) {
      const { inputs } = resource(`aws:ec2/instance:Instance ${name}`);
      expect(inputs).toMatchObject({ ami: "ami-debian", subnetId, userData: cloudConfig(name) });
    }
    expectServiceOnServers(resource, "admin");
  });

  test("on a remote engine, containers and nginx belong to that engine", async () => {
    const { url } = await fakeEngine();
    const resource = await declare("remote-docker", {
      config: { jar: given().jar, engine: url, databasePassword: "hunter2" },
    });
    expect(resource("shop-engine").inputs).toEqual({ host: url });
    for (const name of ["shop-app-app-1", "shop-app-app-2", "shop-nginx-server"])
      expect(resource(name).inputs).toMatchObject({ kind: "docker", engine: url });
    expect(resource("shop-nginx-server").dependencies).toEqual(["shop-nginx-container"]);
    expect(resource("shop-rollout").inputs).toMatchObject({
      hosts: ["app-1", "app-2"].map((name) => ({ name, container: `shop-prod-shop-${name}` })),
      environment: secret({ DB_PASSWORD: "hunter2" }),
    });
  });

  test("behind an nginx that is there already, only a part of it is the service's", async () => {
    const server = "deploy@shop.example.com";
    const resource = await declare("existing-nginx", { config: { jar: given().jar, server } });
    expect(resource("shop-nginx-server").inputs).toMatchObject({
      server,
      directory: "/srv/rollgate/prod-shop/nginx",
      foreign: { includeDirectory: "/etc/nginx/conf.d" },
    });
    const places = [8081, 8082].map((port) => ({ server, address: "127.0.0.1", port }));
    expect(resource("shop-rollout").inputs.hosts).toMatchObject(places);
  });

  test("two services of one repository keep out of each other's way", async () => {
    const billingJar = await writeJar(join(given().directory, "billing.jar"), "2.0.0");
    const resource = await declare("two-services", {
      project: "company",
      config: { shopJar: given().jar, billingJar, databasePassword: "hunter2" },
    });
    const [shop, billing] = ["shop", "billing"].map((name) => resource(`${name}-nginx-server`).inputs);
    for (const key of ["name", "directory", "port", "controlPort"])
      expect(shop?.[key]).not.toBe(billing?.[key]);
    expect(resource("shop-app-app-1").inputs.directory).toMatch(/\/prod-shop\/hosts\/app-1$/);
    expect(resource("billing-app-billing-1").inputs.directory).toMatch(/\/prod-billing\/hosts\/billing-1$/);
    expect(resource("shop-rollout").inputs).toMatchObject({
      jar: { version: "1.2.3" },
      environment: secret({ DB_PASSWORD: "hunter2" }),
    });
    expect(resource("billing-rollout").inputs).toMatchObject({
      jar: { version: "2.0.0" },
      stack: "prod-billing",
    });
  });
}

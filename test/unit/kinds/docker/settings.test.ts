import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { dockerFolder } from "../../../support/dockerFolder.ts";
import { fakeEngine } from "../../../support/fakeEngine.ts";
import { mockPulumi } from "../../../support/pulumi.ts";
import { declared, read, withoutPulumi } from "../../../support/settings.ts";
import { withoutDockerSettings } from "../../../support/withoutDockerSettings.ts";

withoutPulumi();

withoutDockerSettings();

let dockerEngine: string;
beforeEach(async () => {
  dockerEngine = (await fakeEngine()).url;
});

const readDocker = (settings: object = {}) => read({ kind: "docker", dockerEngine, ...settings });

describe("what is read", () => {
  test("with nothing but a jar and the kind, everything is as Pulumi.yaml says", async () => {
    const { engine, app, nginx, rollout } = await readDocker({ dockerSubnet: "10.77.0.0/24" });
    const place = { kind: "docker", engine: dockerEngine };
    const hosts = [1, 2].map((number) => ({
      ...place,
      name: `app-${number}`,
      address: `10.77.0.${10 + number}`,
      port: 8080 + number,
      second: { address: `10.77.0.${254 - number}`, port: 8080 + number },
      container: `rollgate-test-app-${number}`,
      volume: `rollgate-test-app-${number}`,
      network: "rollgate-test",
    }));
    const proxy = { ...place, container: "rollgate-test-nginx", address: "127.0.0.1", port: 8080 };
    expect(engine).toEqual({ host: dockerEngine });
    expect(app).toEqual({ hosts, graceSeconds: 35, around: expect.any(Function) });
    expect(await declared({ app, nginx })).toMatchObject({
      "app-image": { image: "eclipse-temurin:17-jre" },
      "app-network": { name: "rollgate-test", ipamConfigs: [{ subnet: "10.77.0.0/24" }] },
      "nginx-base": { image: "nginx:stable" },
      "nginx-container": { networksAdvanced: [{ name: "rollgate-test" }] },
      "nginx-files": { name: "rollgate-test-nginx" },
    });
    expect(nginx).toEqual({
      ...proxy,
      around: expect.any(Function),
      flavour: "auto",
      hosts: hosts.map(({ name, address, port, second }) => ({ name, address, port, second })),
      healthPath: "/actuator/health",
      slowestRequestSeconds: 30,
      settleSeconds: 30,
      leaseWaitSeconds: 0,
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      name: "rollgate_test",
      pathPrefix: "/",
      serverNames: [],
      closedPaths: ["/actuator"],
      openPaths: [],
      statusAllow: [],
      maxBodySize: "10m",
    });
    expect(rollout).toMatchObject({
      jar: { path: expect.stringMatching(/\/app\.jar$/) },
      hosts,
      proxies: [proxy],
      launch: {
        java: "java",
        jvmOptions: [],
        arguments: [],
        container: { image: "eclipse-temurin:17-jre", user: "10001:10001", memoryMegabytes: 0, milliCpus: 0 },
      },
      minimumHealthy: 1,
    });
    expect(await pulumi.isSecret(rollout.environment)).toBe(true);
    expect(console.warn).not.toHaveBeenCalled();
  });

  test("every setting reaches its destination", async () => {
    const { app, nginx, rollout } = await readDocker({
      hosts: [{ name: "web-7" }, { name: "blue", address: "10.77.0.40", port: 9000 }],
      dockerSubnet: "10.77.0.0/26",
      containerImage: "registry.example/jre:21",
      containerUser: "1000",
      containerMemoryMegabytes: 768,
      containerCpus: "1.5",
      java: "/opt/java/bin/java",
      graceSeconds: 50,
      nginxImage: "mrlioncub/nginx_upstream_check_module",
      nginxFlavour: "check-module",
      nginxAddress: "0.0.0.0",
      nginxPort: 80,
      statusAllow: ["10.77.0.1"],
      checkRise: 1,
    });
    expect(rollout.hosts).toMatchObject([
      { name: "web-7", address: "10.77.0.17", port: 8080, container: "rollgate-test-web-7" },
      { name: "blue", address: "10.77.0.40", port: 9000, container: "rollgate-test-blue" },
    ]);
    expect(rollout.launch).toMatchObject({
      java: "/opt/java/bin/java",
      container: { image: "registry.example/jre:21", user: "1000", memoryMegabytes: 768, milliCpus: 1500 },
    });
    expect(await declared({ app, nginx })).toMatchObject({
      "app-image": { image: "registry.example/jre:21" },
      "app-web-7": { graceSeconds: 50 },
      "nginx-base": { image: "mrlioncub/nginx_upstream_check_module" },
    });
    expect(nginx).toMatchObject({
      flavour: "check-module",
      address: "0.0.0.0",
      port: 80,
      statusAllow: ["10.77.0.1"],
      check: { rise: 1 },
    });
  });

  test("Pulumi's own provider gets the engine and its key pair", async () => {
    vi.stubEnv("DOCKER_HOST", dockerEngine);
    expect((await readDocker({ dockerEngine: "" })).engine).toEqual({ host: dockerEngine });
    vi.stubEnv("DOCKER_HOST", undefined);
    const { folder, addContext, tlsOf } = await dockerFolder({ currentContext: "test" });
    await addContext("test", { Endpoints: { docker: { Host: dockerEngine } } });
    await mkdir(tlsOf("test"), { recursive: true });
    await writeFile(join(tlsOf("test"), "ca.pem"), "");
    vi.stubEnv("DOCKER_CONFIG", folder);
    expect((await readDocker({ dockerEngine: "" })).engine).toEqual({
      host: dockerEngine,
      certPath: tlsOf("test"),
    });
  });

  test("two stacks, or two projects, share no names and no network on one engine", async () => {
    const stacks = [];
    const networks: { name: string; ipamConfigs: { subnet: string }[] }[] = [];
    for (const [project, stack] of [
      ["rollgate", "Docker"],
      ["rollgate", "staging"],
      ["shop", "staging"],
    ] as const) {
      await mockPulumi({ project, stack });
      const settings = await readDocker();
      stacks.push(settings);
      networks.push(Object((await declared(settings))["app-network"]));
    }
    const names = stacks.flatMap(({ nginx, rollout }, index) => [
      networks[index]?.name,
      Object(nginx).container,
      ...rollout.hosts.map((host) => Object(host).container),
    ]);
    expect(names).toEqual([
      ...["rollgate-docker", "rollgate-docker-nginx", "rollgate-docker-app-1", "rollgate-docker-app-2"],
      ...["rollgate-staging", "rollgate-staging-nginx", "rollgate-staging-app-1", "rollgate-staging-app-2"],
      ...["shop-staging", "shop-staging-nginx", "shop-staging-app-1", "shop-staging-app-2"],
    ]);
    const subnets = networks.map(({ ipamConfigs }) => ipamConfigs[0]?.subnet);
    expect(new Set(subnets).size).toBe(3);
    for (const subnet of subnets) expect(subnet).toMatch(/^10\.(12[89]|1[3-8]\d|19[01])\.\d{1,3}\.0\/24$/);
  });

  describe("the second address of a host is", () => {
    const seconds = async (hosts: object[], dockerSubnet = "10.77.0.0/24", more: object = {}) => {
      const { rollout } = await readDocker({ hosts, dockerSubnet, ...more });
      return rollout.hosts.map(({ second }) => second?.address);
    };

    test("the mirror image of the first, whichever hosts are added or removed", async () => {
      expect(await seconds([{ name: "app-1" }, { name: "app-2" }])).toEqual(["10.77.0.253", "10.77.0.252"]);
      expect(await seconds([{ name: "app-40" }, { name: "app-2" }])).toEqual(["10.77.0.214", "10.77.0.252"]);
    });

    test("the last free one if that is another host's or its own", async () => {
      const hosts = [{ name: "app-122" }, { name: "app-1" }, { name: "app-243" }, { name: "app-2" }];
      expect(await seconds(hosts)).toEqual(["10.77.0.254", "10.77.0.251", "10.77.0.250", "10.77.0.252"]);
    });

    test("missing if the network has no room", async () => {
      const hosts = [{ name: "app-0" }, { name: "app-1" }, { name: "app-2" }, { name: "app-3" }];
      expect(await seconds(hosts, "10.77.0.0/28")).toEqual(["10.77.0.14", undefined, undefined, undefined]);
    });

    test("the given one, which the defaults of others avoid", async () => {
      const hosts = [{ name: "app-1" }, { name: "app-2", secondAddress: "10.77.0.253" }];
      expect(await seconds(hosts)).toEqual(["10.77.0.254", "10.77.0.253"]);
    });

    test("missing for a host whose secondPort is 0", async () => {
      const hosts = [{ name: "app-1", secondPort: 0 }, { name: "app-2" }];
      expect(await seconds(hosts)).toEqual([undefined, "10.77.0.252"]);
    });

    test("used with the ports of the first", async () => {
      const { rollout } = await readDocker({
        dockerSubnet: "10.77.0.0/24",
        healthPort: 9001,
        hosts: [{ name: "app-1" }, { name: "app-2", port: 9000, healthPort: 9002 }],
      });
      expect(rollout.hosts).toMatchObject([
        { port: 8080, healthPort: 9001, second: { address: "10.77.0.253", port: 8080, healthPort: 9001 } },
        { port: 9000, healthPort: 9002, second: { address: "10.77.0.252", port: 9000, healthPort: 9002 } },
      ]);
    });
  });

  test("a stack always gets the same network and its hosts the same addresses, whichever hosts are added or removed", async () => {
    const [before, after] = [
      await readDocker({ hosts: [{ name: "app-1" }, { name: "app-2" }] }),
      await readDocker({ hosts: [{ name: "app-5" }, { name: "app-2" }] }),
    ];
    expect(Object(after.app).network).toEqual(Object(before.app).network);
    expect(after.rollout.hosts[1]).toEqual(before.rollout.hosts[1]);
  });
});

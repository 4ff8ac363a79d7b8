import { describe, expect, test } from "vitest";
import { type DockerAppHostsArgs, hostsOnDocker } from "#kinds/docker/onDocker.ts";
import { AppHosts } from "../../../components/appHosts.ts";
import { dockerHost } from "../../support/dockerHost.ts";
import { known, mockPulumi } from "../../support/pulumi.ts";
import { validRequest } from "../../support/rollRequest.ts";

const { hosts } = validRequest();

describe("hosts on this machine", () => {
  test("every host is a child named after it", async () => {
    const { tree } = await mockPulumi();
    new AppHosts("app", { hosts, java: "/opt/java", graceSeconds: 35 });
    expect(await tree()).toEqual([
      "rollgate:index:AppHosts::app",
      "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-1",
      "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-2",
      "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-3",
    ]);
  });

  test("a host gets its place, its java and its grace period, and nothing else", async () => {
    const { tree, resources } = await mockPulumi();
    new AppHosts("app", { hosts: hosts.slice(0, 1), java: "/opt/java", graceSeconds: 35 });
    await tree();
    expect(resources.map(({ inputs }) => inputs)).toEqual([
      {},
      { ...hosts[0], java: "/opt/java", graceSeconds: 35, __provider: expect.any(String) },
    ]);
  });

  test("a caller gets the hosts as given, so that a preview knows them", async () => {
    const { tree } = await mockPulumi();
    const app = new AppHosts("app", { hosts, java: "java", graceSeconds: 35 });
    expect(await known(app.hosts)).toEqual(hosts);
    await tree();
  });
});

describe("hosts on a Docker engine", () => {
  const containers = [1, 2].map((number) =>
    dockerHost({
      name: `app-${number}`,
      address: `10.77.0.${10 + number}`,
      volume: `shop-prod-app-${number}`,
    }),
  );
  const args: DockerAppHostsArgs = {
    hosts: containers,
    image: "jre:17",
    network: { name: "shop-prod", subnet: "10.77.0.0/24" },
    graceSeconds: 35,
  };

  test("share a network and an image, and each has a volume and a host; the rollout creates the containers", async () => {
    const { tree } = await mockPulumi();
    new AppHosts("app", hostsOnDocker(args));
    const children = (await tree()).sort();
    expect(children).toEqual(
      [
        "rollgate:index:AppHosts::app",
        "rollgate:index:AppHosts$docker:index/network:Network::app-network",
        "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:DockerImage::app-image",
        "rollgate:index:AppHosts$docker:index/volume:Volume::app-app-1-releases",
        "rollgate:index:AppHosts$docker:index/volume:Volume::app-app-2-releases",
        "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-1",
        "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-2",
      ].sort(),
    );
  });

  test("get their names on the engine, and nothing else", async () => {
    const { tree, resources } = await mockPulumi();
    new AppHosts("app", hostsOnDocker(args));
    await tree();
    const inputs = Object.fromEntries(resources.map((resource) => [resource.name, resource.inputs]));
    expect(inputs).toEqual({
      app: {},
      "app-network": { name: "shop-prod", ipamConfigs: [{ subnet: "10.77.0.0/24", gateway: "10.77.0.1" }] },
      "app-image": { engine: containers[0]?.engine, image: "jre:17", __provider: expect.any(String) },
      "app-app-1-releases": { name: "shop-prod-app-1" },
      "app-app-2-releases": { name: "shop-prod-app-2" },
      "app-app-1": { ...containers[0], graceSeconds: 35, __provider: expect.any(String) },
      "app-app-2": { ...containers[1], graceSeconds: 35, __provider: expect.any(String) },
    });
  });

  test("depend on everything that their containers need", async () => {
    const { tree, resources } = await mockPulumi();
    new AppHosts("app", hostsOnDocker(args));
    await tree();
    const names = resources.map(({ name }) => name);
    for (const needed of ["app-network", "app-image", "app-app-2-releases"]) {
      expect(names.indexOf(needed)).toBeLessThan(names.indexOf("app-app-2"));
    }
  });

  test("are passed to a caller as given, so that a preview knows them", async () => {
    const { tree } = await mockPulumi();
    expect(await known(new AppHosts("app", hostsOnDocker(args)).hosts)).toEqual(containers);
    await tree();
  });
});

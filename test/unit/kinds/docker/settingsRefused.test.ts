import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { dockerFolder } from "../../../support/dockerFolder.ts";
import { fakeEngine } from "../../../support/fakeEngine.ts";
import { refusal, withoutPulumi } from "../../../support/settings.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";
import { withoutDockerSettings } from "../../../support/withoutDockerSettings.ts";

withoutPulumi();
withoutDockerSettings();

let dockerEngine: string;
beforeEach(async () => {
  dockerEngine = (await fakeEngine()).url;
});

const dockerRefusal = (settings: object) => refusal({ kind: "docker", dockerEngine, ...settings });

describe("a wrong setting is rejected with one line that names it", () => {
  const dockerSubnet = "10.77.0.0/24";

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    ...["10.77.0.0", "10.77.0.0/33", "10.77.0.0/29", "10.0.0.0/7", "10.77.0.0/2 4", "fd00::/64", "x/24"].map(
      (subnet): [string, Record<string, unknown>, string] => [
        `${subnet} for the network`,
        { dockerSubnet: subnet },
        `dockerSubnet: expected a network such as 10.77.0.0/24, got "${subnet}"`,
      ],
    ),
    [
      "an address in place of a network",
      { dockerSubnet: "10.77.0.5/24" },
      'dockerSubnet: expected a network such as 10.77.0.0/24, got "10.77.0.5/24"',
    ],
    ...["10.77.1.20", "10.77.0.0", "10.77.0.1", "10.77.0.9", "10.77.0.255", "::1"].map(
      (address): [string, Record<string, unknown>, string] => [
        `a host at ${address}`,
        { dockerSubnet, hosts: [{ name: "app-1" }, { name: "app-2", address }] },
        `hosts[1].address: expected an address from 10.77.0.10 to 10.77.0.254, got ${address}`,
      ],
    ),
    [
      "an address that is none",
      { dockerSubnet, hosts: [{ name: "app-1" }, { name: "app-2", address: "app-2.example" }] },
      'hosts[1].address: expected an IP address, got "app-2.example"',
    ],
    [
      "a host whose number leaves the network",
      { dockerSubnet, hosts: [{ name: "app-245" }, { name: "app-1" }] },
      "hosts[0].address: expected an address from 10.77.0.10 to 10.77.0.254, or a smaller number at the end of the name, got app-245",
    ],
    [
      "a host whose number is a very long one",
      { dockerSubnet, hosts: [{ name: "app-1" }, { name: "app-4294967297" }] },
      "hosts[1].address: expected an address from 10.77.0.10 to 10.77.0.254, or a smaller number at the end of the name, got app-4294967297",
    ],
    [
      "a host without a number",
      { dockerSubnet, hosts: [{ name: "blue" }, { name: "green" }] },
      "hosts[0].address: expected an address from 10.77.0.10 to 10.77.0.254, or a name with a number at its end, got blue",
    ],
    [
      "two hosts that would have one address, on two ports",
      { dockerSubnet, hosts: [{ name: "app-1" }, { name: "web-1", port: 9000 }] },
      "hosts[1].address: expected a unique address and port, got 10.77.0.11 as in hosts[0]",
    ],
    ...["10.77.0.9", "10.77.1.20", "::1", "app-2.example", ""].map(
      (secondAddress): [string, Record<string, unknown>, string] => [
        `${JSON.stringify(secondAddress)} for a second slot`,
        { dockerSubnet, hosts: [{ name: "app-1" }, { name: "app-2", secondAddress }] },
        `hosts[1].secondAddress: expected an address from 10.77.0.10 to 10.77.0.254, got "${secondAddress}"`,
      ],
    ),
    [
      "a second slot at the address of a host",
      { dockerSubnet, hosts: [{ name: "app-1", secondAddress: "10.77.0.12" }, { name: "app-2" }] },
      "hosts[0].secondAddress: expected a unique address, got 10.77.0.12 as in hosts[1]",
    ],
    [
      "a second slot at the address of the first",
      { dockerSubnet, hosts: [{ name: "app-1" }, { name: "app-2", secondAddress: "10.77.0.12" }] },
      "hosts[1].secondAddress: expected a unique address, got 10.77.0.12 as in hosts[1]",
    ],
    [
      "two second slots at one address",
      {
        dockerSubnet,
        hosts: [
          { name: "app-1", secondAddress: "10.77.0.40" },
          { name: "app-2", secondAddress: "10.77.0.40" },
        ],
      },
      "hosts[1].secondAddress: expected a unique address, got 10.77.0.40 as in hosts[0]",
    ],
    [
      "a second slot at a port that is none",
      { dockerSubnet, hosts: [{ name: "app-1", secondPort: 70_000 }, { name: "app-2" }] },
      "hosts[0].secondPort: expected 1–65535, got 70000",
    ],
    [
      "two hosts with one name",
      { hosts: [{ name: "app-1" }, { name: "app-1" }] },
      "hosts[1].name: expected a unique name, got app-1 as in hosts[0]",
    ],
    ...["nginx", "app-1-before"].map((name): [string, Record<string, unknown>, string] => [
      `a host called ${name}`,
      { hosts: [{ name: "app-1" }, { name, address: "10.77.0.30" }] },
      `hosts[1].name: expected a name other than nginx and …-before, which rollgate uses itself, got ${name}`,
    ]),
    ["a host without a name", { hosts: [{ port: 8080 }] }, "hosts[0].name: expected a string, got nothing"],
    [
      "a key inside a host that is not for the stack file to set",
      { hosts: [{ name: "app-1", container: "mine" }] },
      "hosts[0].container: unknown setting",
    ],
    ...["two", "-1", "0.001", "1025", " ", "Infinity"].map(
      (cpus): [string, Record<string, unknown>, string] => [
        `${JSON.stringify(cpus)} CPUs`,
        { containerCpus: cpus },
        `containerCpus: expected 0.01–1024 CPUs, such as 1.5, or 0, got ${JSON.stringify(cpus)}`,
      ],
    ),
    [
      "less memory than the engine allows",
      { containerMemoryMegabytes: 5 },
      "containerMemoryMegabytes: expected 6–16777216, or 0, got 5",
    ],
    [
      "memory in words",
      { containerMemoryMegabytes: "512m" },
      'containerMemoryMegabytes: expected 0–16777216, got "512m"',
    ],
    ...["root", "0", "0:0", "1000:0", "app", "1000:1000:1"].map(
      (user): [string, Record<string, unknown>, string] => [
        `${user} as the user`,
        { containerUser: user },
        `containerUser: expected a user other than root such as 10001:10001, got "${user}"`,
      ],
    ),
    [
      "no image",
      { containerImage: "" },
      "containerImage: expected an image with a Java runtime, got an empty string",
    ],
    [
      "an engine that is a path",
      { dockerEngine: "/var/run/docker.sock" },
      'dockerEngine: expected unix:///…, tcp://host:port or ssh://user@host, or nothing for the docker CLI\'s own engine, got "/var/run/docker.sock"',
    ],
    [
      "an engine at a place that is none",
      { dockerEngine: "tcp://:what" },
      "dockerEngine: expected unix:///…, tcp://host:port or ssh://user@host, got tcp://:what",
    ],
    [
      "a setting that only local stacks have",
      { directory: "/srv/shop" },
      "directory: expected no value, since this setting is only for stacks of kind local, got /srv/shop",
    ],
  ])("%s", async (_, settings, line) => {
    expect(await dockerRefusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test("an engine that does not answer", async () => {
    const socket = join(await temporaryDirectory(), "none.sock");
    expect(await dockerRefusal({ dockerEngine: `unix://${socket}` })).toBe(
      `rollgate:dockerEngine: expected a Docker engine at unix://${socket}, got connect ENOENT ${socket}. Nothing was changed.`,
    );
  });

  test("a current docker context that is missing", async () => {
    const { folder } = await dockerFolder({ currentContext: "gone" });
    vi.stubEnv("DOCKER_CONFIG", folder);
    expect(await dockerRefusal({ dockerEngine: "" })).toMatch(
      /^rollgate:dockerEngine: expected the current docker context gone in .*meta\.json, found none\. Nothing was changed\.$/,
    );
  });

  test.each([
    ["dockerEngine", "unix:///var/run/docker.sock"],
    ["dockerSubnet", "10.77.0.0/24"],
    ["containerMemoryMegabytes", "512"],
    ["containerCpus", "1.5"],
  ])("%s in a local stack, which has no containers", async (key, value) => {
    expect(await refusal({ [key]: value })).toBe(
      `rollgate:${key}: expected no value, since this setting is only for stacks of kind docker, got ${value}. Nothing was changed.`,
    );
  });
});

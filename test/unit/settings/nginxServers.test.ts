import { describe, expect, test } from "vitest";
import type { LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { readSettings } from "../../../settings/readSettings.ts";
import { configure } from "../../support/pulumi.ts";
import { declared, read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const server = (name: string, more: object = {}) => ({ server: `deploy@${name}.example.com`, ...more });
const onServers = {
  kind: "ssh",
  hosts: [{ name: "app-1", server: "deploy@app-1.example.com", address: "10.0.0.1" }],
  nginxAddress: "10.0.0.9",
  nginxPort: 80,
};

/** What is read for servers, which are not asked. */
async function readServers(nginxServers: unknown, settings: object = {}) {
  await configure({ jar: "/nowhere/app.jar", ...onServers, nginxServers, ...settings });
  return readSettings();
}

async function refusalOfServers(nginxServers: unknown, settings: object = {}): Promise<string> {
  return readServers(nginxServers, settings).then(
    () => "accepted",
    (error: unknown) => String(Object(error).message),
  );
}

describe("on one machine", () => {
  test("there is one nginx by default, in its own folder", async () => {
    const { rollout } = await read({});
    expect(rollout.proxies).toMatchObject([{ port: 8080, directory: expect.stringMatching(/\/nginx$/) }]);
  });

  test("each of nginxServers is one more, with a folder and a control port of its own", async () => {
    const { rollout } = await read({ nginxServers: [{ port: 8090 }, { port: 8091, address: "127.0.0.2" }] });
    expect(rollout.proxies).toMatchObject([
      { address: "127.0.0.1", port: 8080, directory: expect.stringMatching(/\/nginx$/) },
      { address: "127.0.0.1", port: 8090, directory: expect.stringMatching(/\/nginx-8090$/) },
      { address: "127.0.0.2", port: 8091, directory: expect.stringMatching(/\/nginx-8091$/) },
    ]);
    const ports = rollout.proxies.map((proxy) => Reflect.get(proxy, "controlPort"));
    expect(new Set(ports).size).toBe(3);
  });

  test("each is declared with the same hosts and checks, and the first one keeps its name", async () => {
    const { "nginx-server": first, "nginx-8090-server": other } = await declared(
      await read({ nginxServers: [{ port: 8090, controlPort: 9000 }] }),
    );
    const { directory: _, port: __, controlPort: ___, ...same } = Object(first);
    expect(other).toMatchObject({ ...same, port: 8090, controlPort: 9000 });
    const peers: LocalProxyDescriptor[] = Object(other).peers;
    expect(peers.map(({ port }) => port)).toEqual([8080, 8090]);
  });

  test("a second slot does not get the port of any nginx", async () => {
    const { rollout } = await read({
      hosts: [{ name: "app-1", port: 8081 }],
      nginxServers: [{ port: 18_081 }],
    });
    expect(rollout.hosts).toMatchObject([{ second: { port: 18_082 } }]);
  });
});

describe("on a Docker engine", () => {
  test("each of nginxServers is a container and a volume more, which publishes its port", async () => {
    await configure({ jar: "/nowhere/app.jar", kind: "docker", nginxServers: [{ port: 8090 }] });
    const all = await declared(await readSettings());
    expect(all["nginx-container"]).toMatchObject({ ports: [{ external: 8080 }] });
    expect(all["nginx-8090-container"]).toMatchObject({
      name: expect.stringMatching(/-nginx-8090$/),
      ports: [{ external: 8090 }],
    });
    expect(all["nginx-8090-files"]).toMatchObject({ name: expect.stringMatching(/-nginx-8090$/) });
    expect(all["nginx-8090-server"]).toMatchObject({ port: 8090 });
  });
});

describe("on servers", () => {
  test("each has one nginx, with the common settings unless it has its own", async () => {
    const { rollout, nginx } = await readServers([server("web-1"), server("web-2", { port: 8443 })]);
    expect(rollout.proxies).toMatchObject([
      { server: "deploy@web-1.example.com", address: "10.0.0.9", port: 80 },
      { server: "deploy@web-2.example.com", address: "10.0.0.9", port: 8443 },
    ]);
    const all = await declared({ app: (await readServers([server("web-1")])).app, nginx });
    const names = Object.keys(all).filter((name) => name.startsWith("nginx-"));
    expect(names.sort()).toEqual([
      "nginx-machine",
      "nginx-server",
      "nginx-web-2.example.com-machine",
      "nginx-web-2.example.com-server",
    ]);
  });
});

describe("a wrong entry is rejected with one line that names it", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["no list", { nginxServers: { port: 8090 } }, 'nginxServers: expected a list, got {"port":8090}'],
    [
      "a number",
      { nginxServers: [8090] },
      "nginxServers[0]: expected an object such as { port: 8090 }, got 8090",
    ],
    ["nothing in it", { nginxServers: [{}] }, "nginxServers[0].port: expected a port, got nothing"],
    [
      "an unknown key",
      { nginxServers: [{ port: 8090 }, { port: 8091, prt: 1 }] },
      "nginxServers[1].prt: unknown setting (did you mean port?)",
    ],
    [
      "a server where there are none",
      { nginxServers: [{ port: 8090, server: "web" }] },
      "nginxServers[0].server: unknown setting",
    ],
    [
      "a port out of range",
      { nginxServers: [{ port: 8090 }, { port: 0 }] },
      "nginxServers[1].port: expected 1–65535, got 0",
    ],
    [
      "an address that is none",
      { nginxServers: [{ port: 8090, address: "localhost" }] },
      'nginxServers[0].address: expected an IP address, got "localhost"',
    ],
    [
      "a control port that is none",
      { nginxServers: [{ port: 8090, controlPort: "x" }] },
      'nginxServers[0].controlPort: expected 1–65535, got "x"',
    ],
    [
      "the port of the first one",
      { nginxServers: [{ port: 8080 }] },
      "nginxServers[0].port: expected a unique port, got 8080, a port of another nginx",
    ],
    [
      "the same one twice",
      { nginxServers: [{ port: 8090 }, { port: 8090 }] },
      "nginxServers[1]: expected another nginx, got the same one again",
    ],
    [
      "a host's port",
      { nginxServers: [{ port: 8081 }] },
      "nginxServers[0].port: expected a unique port, got 8081, the port of app-1",
    ],
    [
      "the first one's control port",
      { controlPort: 9000, nginxServers: [{ port: 8090, controlPort: 9000 }] },
      "nginxServers[0].controlPort: expected a unique port, got 9000, a port of another nginx",
    ],
    [
      "the first one's port as its control port",
      { controlPort: 8080 },
      "controlPort: expected a unique port, got 8080, another port of this nginx",
    ],
    [
      "too many",
      { nginxServers: Array.from({ length: 8 }, (_, index) => ({ port: 8090 + index })) },
      "nginxServers: expected at most 8 nginx",
    ],
    [
      "HTTPS, whose port they would share",
      {
        serverNames: ["shop.example.com"],
        tls: { certificate: "/etc/c.pem", key: "/etc/k.pem" },
        nginxServers: [{ port: 8090 }],
      },
      "tls.port: expected a unique port, got 443, a port of another nginx",
    ],
    [
      "several with one that is not ours",
      { nginxMode: "include", nginxServers: [{ port: 8090 }] },
      "nginxServers: expected none with nginxMode include, whose nginx is the only one of its machine",
    ],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test.each<[string, unknown, object, string]>([
    [
      "none",
      [],
      {},
      "nginxServers: expected at least one server for nginx, such as { server: deploy@web-1.example.com }, got none",
    ],
    [
      "a text",
      ["web-1"],
      {},
      'nginxServers[0]: expected an object such as { server: deploy@web-1.example.com }, got "web-1"',
    ],
    ["no server", [{ port: 80 }], {}, "nginxServers[0].server: expected a server, got nothing"],
    [
      "a server that is none",
      [server("web-1"), { server: "-oProxyCommand=x" }],
      {},
      'nginxServers[1].server: expected a server such as deploy@app-1.example.com, got "-oProxyCommand=x"',
    ],
    [
      "one server twice",
      [server("web-1"), server("web-1", { port: 81 })],
      {},
      "nginxServers[1]: expected another nginx, got the same one again",
    ],
    [
      "a common port that is none",
      [server("web-1"), server("web-2")],
      { nginxPort: 0 },
      "nginxPort: expected 1–65535, got 0",
    ],
    [
      "a port of its own that is none",
      [server("web-1"), server("web-2", { port: 0 })],
      {},
      "nginxServers[1].port: expected 1–65535, got 0",
    ],
    [
      "the port of a host on its server",
      [server("web-1"), { server: "deploy@app-1.example.com", port: 8080 }],
      {},
      "nginxServers[1].port: expected a unique port, got 8080, the port of app-1",
    ],
  ])("on servers: %s", async (_, nginxServers, settings, line) => {
    expect(await refusalOfServers(nginxServers, settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test("on a Docker engine: the port of the first one", async () => {
    await configure({ jar: "/nowhere/app.jar", kind: "docker", nginxServers: [{ port: 8080 }] });
    await expect(readSettings()).rejects.toThrow(
      "rollgate:nginxServers[0].port: expected a unique port, got 8080, a port of another nginx. Nothing was changed.",
    );
  });

  test("on a Docker engine: a host that is called as one of them", async () => {
    const hosts = [{ name: "nginx-8090", address: "10.0.0.1" }];
    await configure({ jar: "/nowhere/app.jar", kind: "docker", hosts, nginxServers: [{ port: 8090 }] });
    await expect(readSettings()).rejects.toThrow(
      "rollgate:hosts[0].name: expected a name other than nginx and …-before, which rollgate uses itself, got nginx-8090",
    );
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { readSettings } from "../../../../settings/readSettings.ts";
import { configure } from "../../../support/pulumi.ts";
import { declared, refusal, withoutPulumi } from "../../../support/settings.ts";

const reason = await noSshd();

withoutPulumi();

describe.skipIf(reason)("a stack of servers reached over SSH", () => {
  let servers: SshServers;
  let app: SshServer;
  let web: SshServer;

  beforeAll(async () => {
    servers = await SshServers.create();
    app = await servers.add("server-1");
    web = await servers.add("server-web");
  });
  afterAll(() => servers?.remove());

  const inStack = (settings: Readonly<Record<string, unknown>>) => ({
    kind: "ssh",
    sshConfig: servers.config,
    nginxServers: [{ server: "server-web" }],
    nginxAddress: web.address,
    hosts: [{ name: "app-1", server: "server-1", address: app.address }],
    ...settings,
  });
  /** Asks no server. */
  async function readSsh(settings = {}) {
    await configure({ jar: "app.jar", ...inStack(settings) });
    return readSettings();
  }
  const refusalOf = (settings: Readonly<Record<string, unknown>>) => refusal(inStack(settings));

  test("has folders, units and ports that follow from the stack", async () => {
    const { rollout } = await readSsh();
    const onServer = { sshConfig: servers.config, supervisor: "systemd" };
    expect(rollout.hosts).toEqual([
      {
        kind: "ssh",
        name: "app-1",
        ...onServer,
        server: "server-1",
        address: app.address,
        port: 8080,
        second: { address: app.address, port: 18_080 },
        directory: "/srv/rollgate/test/hosts/app-1",
        unit: expect.stringMatching(/-test-app-1$/),
      },
    ]);
    expect(rollout.proxies[0]).toMatchObject({
      ...onServer,
      server: "server-web",
      directory: "/srv/rollgate/test/nginx",
    });
  });

  test("has servers that are set up by the configured account", async () => {
    const settings = { sshProvisionUser: "admin", javaPackage: "jre", nginx: "/opt/nginx" };
    const resources = await declared(await readSsh(settings));
    expect(resources["app-app-1-server"]).toMatchObject({
      place: { name: "app-1", server: "server-1" },
      user: "admin",
      account: expect.stringMatching(/-test$/),
      graceSeconds: 35,
      command: "java",
      package: "jre",
    });
    // A package brings a command by its name only.
    expect(resources["nginx-machine"]).toMatchObject({ command: "/opt/nginx", package: "" });
  });

  test("declares no provisioning if that is turned off, nor a second slot, whose unit nobody may have created", async () => {
    const settings = await readSsh({ sshProvision: false });
    expect(Object.keys(await declared(settings)).sort()).toEqual([
      "app",
      "app-app-1",
      "nginx",
      "nginx-server",
    ]);
    expect(settings.rollout.hosts[0]).not.toHaveProperty("second");
    const host = { name: "app-1", server: "server-1", address: app.address, secondPort: 9001 };
    for (const changed of [{ hosts: [host] }, { sshSupervisor: "process" }]) {
      expect((await readSsh({ sshProvision: false, ...changed })).rollout.hosts[0]).toHaveProperty("second");
    }
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      "no server for nginx",
      { nginxServers: [] },
      /^rollgate:nginxServers: expected at least one server for nginx, such as \{ server: deploy@web-1\.example\.com \}, got none/,
    ],
    [
      "a server that is an option of ssh",
      { nginxServers: [{ server: "-oProxyCommand=touch" }] },
      /^rollgate:nginxServers\[0\]\.server: expected a server such as deploy@app-1\.example\.com, got "-oProxyCommand=touch"/,
    ],
    [
      "a server with a command in it",
      { hosts: [{ name: "app-1", server: "a;b", address: "10.0.0.1" }] },
      /^rollgate:hosts\[0\]\.server: expected a server such as/,
    ],
    [
      "a supervisor that there is not",
      { sshSupervisor: "runit" },
      /^rollgate:sshSupervisor: expected systemd or process, got "runit"/,
    ],
    [
      "a host that is called as nginx's unit",
      { hosts: [{ name: "nginx", server: "server-1", address: "10.0.0.1" }] },
      /^rollgate:hosts\[0\]\.name: expected another name, since nginx's unit is called nginx/,
    ],
    [
      "a package with a command in it",
      { javaPackage: "jre; reboot" },
      /^rollgate:javaPackage: expected the name of a Debian package, got "jre; reboot"/,
    ],
    [
      "a folder that is not absolute",
      { directory: "some/where" },
      /^rollgate:directory: expected an absolute path without special characters/,
    ],
    [
      "servers that cannot be reached, all of them at once",
      {
        nginxServers: [{ server: "nowhere-1.invalid" }],
        hosts: [{ name: "app-1", server: "nowhere-2.invalid", address: "10.0.0.1" }],
      },
      /^rollgate:hosts\[0\]\.server: app-1: nowhere-2\.invalid cannot be reached: .*; nginxServers\[0\]\.server: nginx: nowhere-1\.invalid cannot be reached: .*\. If gone for good: remove app-1 from hosts, set nginxServers\[0\]\.server to another server, then run `pulumi up`\. Nothing was changed\.$/,
    ],
    [
      "servers that lack what they need, all of them at once",
      { sshSupervisor: "process", java: "/nowhere/java", nginx: "/nowhere/nginx" },
      /^rollgate:hosts\[0\]\.server: app-1: server-1: expected \/nowhere\/java \(settings java and javaPackage\), found none; nginxServers\[0\]\.server: nginx: server-web: expected \/nowhere\/nginx \(settings nginx and nginxPackage\), found none\. Nothing was changed\.$/,
    ],
    [
      "an account for making servers ready that nobody can log in as",
      { sshProvisionUser: "nobody-here" },
      /^rollgate:sshProvisionUser: app-1: server-1: the login was refused \(nobody-here@.*Nothing was changed\.$/,
    ],
    [
      "a setting of another kind",
      { dockerSubnet: "10.0.0.0/24" },
      /^rollgate:dockerSubnet: expected no value/,
    ],
  ])("is refused with %s", async (_, settings, message) => {
    expect(await refusalOf(settings)).toMatch(message);
  });
});

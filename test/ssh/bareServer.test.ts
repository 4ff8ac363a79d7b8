import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as sshServer from "#kinds/ssh/provisionedServer.ts";
import { reachServers } from "#kinds/ssh/reachServers.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const reason = await noSystemdServers();
/** As on a server of Debian's that nothing was installed on. */
const BARE =
  "mkdir -p /root/away; mv /usr/bin/sudo /usr/sbin/visudo /root/away; systemctl stop dbus.socket dbus; rm /run/dbus/system_bus_socket";

describe.skipIf(reason)(
  `a server that lacks what it takes${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let servers: SystemdServers;
    let server: SystemdServer;
    let fleet: SshFleet;

    beforeAll(async () => {
      servers = await SystemdServers.create();
      server = await servers.add("server-1");
      const place = { ...server, directory: "/srv/rollgate" };
      fleet = await SshFleet.declare({
        ...{ config: servers.config, machines: [place], web: place, supervisor: "systemd" },
        launch: { java: "java", jvmOptions: [], arguments: [] },
      });
      await server.exec("install -d -m 700 ~root/.ssh && cp ~admin/.ssh/authorized_keys ~root/.ssh/");
      await server.exec(BARE);
    }, 300_000);

    afterAll(() => servers?.remove(), 60_000);

    const needs = (user: string, command: string) => ({
      ...{ user, account: "rollgate-stack", graceSeconds: 20, command, package: "nowhere" },
    });
    const ask = (user: string) =>
      reachServers(
        fleet.hosts.map((host) => ({ ...host, provisioning: needs(user, "java-22") })),
        [{ ...fleet.proxy, provisioning: needs(user, "nginx") }],
      );
    const made = () =>
      server.exec(
        "ls -d /srv/rollgate /etc/systemd/system/rollgate* 2>/dev/null; getent passwd | grep rollgate; :",
      );

    test("is checked for everything at once, and is not touched", async () => {
      await server.exec("mv /usr/bin/apt-get /root/away");
      await expect(ask("root")).rejects.toThrow(
        "hosts[0].server: app-1: server-1: expected sudo, dbus, java-22 (settings java and javaPackage), found none; nginxServers[0].server: nginx: server-1: expected sudo, dbus, found none",
      );
      const [place] = fleet.hosts;
      const { inputs = {} } = await sshServer.check({
        olds: {},
        news: { place, ...needs("root", "java-22") },
      });
      await expect(sshServer.create(inputs)).rejects.toThrow(
        "app-1: server-1: expected sudo, dbus, java-22 (settings java and javaPackage), found none",
      );
      await server.exec("mv /root/away/apt-get /usr/bin");
      expect(await made()).toBe("");
    });

    test("is accepted if apt can install what is missing", async () => {
      await ask("root");
      expect(await made()).toBe("");
    });

    test("needs an account with all privileges", async () => {
      await expect(ask("admin")).rejects.toThrow(
        "hosts[0].server: app-1: server-1: expected root, or an account with unrestricted sudo and no password, got admin: set sshProvisionUser",
      );
    });

    test("is set up once it has everything, and keeps only packages after its removal", async () => {
      await server.exec("mv /root/away/* /usr/bin; systemctl start dbus.socket");
      const before = await server.exec("ls -A /run /root");
      const [place] = fleet.hosts;
      const { inputs = {} } = await sshServer.check({ olds: {}, news: { place, ...needs("root", "sh") } });
      const { outs } = await sshServer.create(inputs);
      expect(await made()).toContain("/srv/rollgate");
      // A CI that previews has no more than the key of the account that rolls.
      const already = fleet.hosts.map((host) => ({ ...host, provisioning: needs("nobody", "sh") }));
      await reachServers(already, [fleet.proxy]);
      await sshServer.remove(outs);
      expect(await made()).toBe("");
      expect(await server.exec("ls -A /run /root")).toBe(before);
    });
  },
);

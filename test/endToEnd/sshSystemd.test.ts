import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Traffic } from "../../harness/traffic.ts";
import { type Market, market } from "../support/market.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";
import { Project } from "./project.ts";

const reason = await noSystemdServers();
if (reason) console.log(`skipped: ${reason}`);

describe.skipIf(reason)(
  "a stack of two bare servers and one for nginx, with systemd, rolled by an account without privileges",
  { timeout: 300_000 },
  () => {
    let servers: SystemdServers;
    let hosts: SystemdServer[];
    let web: SystemdServer;
    let project: Project;
    let old: Market;
    let next: Market;

    beforeAll(async () => {
      [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
      servers = await SystemdServers.create();
      hosts = [await servers.add("server-1"), await servers.add("server-2")];
      web = await servers.add("server-web");
      project = await Project.create("prod");
      await project.configure({
        kind: "ssh",
        jar: old.jar,
        sshConfig: servers.config,
        sshProvisionUser: "admin",
        java: "/opt/java/openjdk/bin/java",
        "nginxServers[0].server": web.name,
        nginxAddress: "0.0.0.0",
        nginxPort: 80,
        "jvmOptions[0]": "-XX:TieredStopAtLevel=1",
        "jvmOptions[1]": "-Xmx128m",
        graceSeconds: 32,
        soakSeconds: 0,
      });
      for (const [index, host] of hosts.entries()) {
        await project.configure({
          [`hosts[${index}].name`]: `app-${index + 1}`,
          [`hosts[${index}].server`]: host.name,
          [`hosts[${index}].address`]: host.address,
          [`hosts[${index}].port`]: 8080,
        });
      }
      await project.pulumi(
        "config",
        "set",
        "--secret",
        "--path",
        "environment.DB_PASSWORD",
        'hunter2 $x "y"',
      );
    }, 600_000);

    afterAll(async () => {
      await project?.remove();
      await servers?.remove();
    }, 120_000);

    const url = () => `http://${web.address}`;
    const UNITS = ["rollgate-prod-app-1", "rollgate-prod-app-1_b"] as const;

    /** The units of app-1 that run. */
    async function activeUnits(): Promise<string[]> {
      const states = await hosts[0]?.exec(`systemctl is-active ${UNITS.join(" ")} || :`);
      return UNITS.filter((_, index) => states?.split("\n")[index] === "active");
    }

    test("is provisioned and deployed", async () => {
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await project.output("releases")).toEqual({ "app-1": old.id, "app-2": old.id });
      expect(await (await fetch(`${url()}/hello`)).json()).toMatchObject({ version: "1.0.0" });
    });

    test("has nothing to do in a second preview", async () => {
      const { code, output } = await project.pulumi("preview", "--expect-no-changes");
      expect(code, output).toBe(0);
    });

    test("runs the application under its own account without a shell, with the secret in a private file", async () => {
      const unit = "rollgate-prod-app-1";
      const show = await hosts[0]?.exec(
        `systemctl show -p User -p TimeoutStopUSec -p UnitFileState ${unit}; getent passwd rollgate-prod`,
      );
      expect(show).toContain("User=rollgate-prod");
      expect(show).toContain("TimeoutStopUSec=32s");
      expect(show).toContain("UnitFileState=enabled");
      expect(show).toMatch(/^rollgate-prod:.*:\/usr\/sbin\/nologin$/m);
      const modes = await hosts[0]?.exec(
        "cd /srv/rollgate/prod/hosts/app-1; stat -c '%a %U %G' secrets secrets/environment",
      );
      expect(modes).toBe("2750 deploy rollgate-prod\n640 deploy rollgate-prod");
      const environment = await hosts[0]?.exec(
        `tr '\\000' '\\n' < /proc/$(systemctl show -p MainPID --value ${unit})/environ | grep DB_PASSWORD`,
      );
      expect(environment).toBe('DB_PASSWORD=hunter2 $x "y"');
    });

    test("allows the deployer what a roll needs, and nothing else", async () => {
      const allowed = await hosts[0]?.exec(
        "sudo -l -U deploy | grep -o 'NOPASSWD: .*' | sed 's/NOPASSWD: //'",
      );
      expect(allowed?.split("\n")).toEqual([
        "/usr/bin/systemctl start rollgate-prod-app-1.service",
        "/usr/bin/systemctl stop rollgate-prod-app-1.service",
        "/usr/bin/journalctl --unit rollgate-prod-app-1.service --lines 200 --output cat --no-pager",
        "/usr/bin/systemctl start rollgate-prod-app-1_b.service",
        "/usr/bin/systemctl stop rollgate-prod-app-1_b.service",
        "/usr/bin/journalctl --unit rollgate-prod-app-1_b.service --lines 200 --output cat --no-pager",
      ]);
    });

    test("rolls without a lost request", async () => {
      await project.configure({ jar: next.jar });
      const traffic = new Traffic(url(), 150);
      const { code, output } = await project.up();
      const seen = await traffic.stop();
      expect(code, output).toBe(0);
      expect(seen.lost).toEqual([]);
      expect(Object.keys(seen.versions).sort()).toEqual(["1.0.0", "1.1.0"]);
      expect(await activeUnits()).toEqual([UNITS[1]]);
      console.log(`${seen.sent} requests, ${seen.lost.length} lost`);
    });

    test("has systemd restart a killed application and a killed nginx", async () => {
      const [unit] = await activeUnits();
      await hosts[0]?.exec(`kill -9 $(systemctl show -p MainPID --value ${unit})`);
      await web.exec("kill -9 $(systemctl show -p MainPID --value rollgate-prod-nginx)");
      await expect.poll(activeUnits, { timeout: 20_000 }).toEqual([unit]);
      await expect
        .poll(() => fetch(`${url()}/hello`).then(({ status }) => status, String), { timeout: 30_000 })
        .toBe(200);
    });

    test("changes only the units if the grace period changes, and writes those that a server set up before lacks", async () => {
      const [unit] = await activeUnits();
      const pid = () => hosts[0]?.exec(`systemctl show -p MainPID --value ${unit}`);
      const rights = () => hosts[0]?.exec("cat /etc/sudoers.d/rollgate-prod-app-1");
      const before = { pid: await pid(), rights: await rights() };
      const idle = UNITS.find((other) => other !== unit);
      await hosts[0]?.exec(
        `systemctl disable ${idle}; rm /etc/systemd/system/${idle}.service; sed -i /${idle}.service/d /etc/sudoers.d/rollgate-prod-app-1; systemctl daemon-reload`,
      );
      expect(await rights()).not.toBe(before.rights);
      await project.configure({ graceSeconds: 40 });
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      for (const each of UNITS) {
        expect(
          await hosts[0]?.exec(`systemctl show -p TimeoutStopUSec -p UnitFileState --value ${each}`),
        ).toBe("40s\nenabled");
      }
      expect({ pid: await pid(), rights: await rights() }).toEqual(before);
    });

    test("fails with a message about sudo if the rights were taken away", async () => {
      await hosts[1]?.exec("mv /etc/sudoers.d/rollgate-prod-app-2 /root/rights");
      await project.configure({ jar: old.jar });
      const { code, output } = await project.up();
      await hosts[1]?.exec("mv /root/rights /etc/sudoers.d/rollgate-prod-app-2");
      expect(code).not.toBe(0);
      expect(output).toMatch(/app-2 is not ready: .*sudo.*No host was touched/s);
      expect(await project.output("releases")).toEqual({ "app-1": next.id, "app-2": next.id });
    });

    test("leaves nothing behind when it is destroyed", async () => {
      const { code, output } = await project.pulumi("destroy", "--yes", "--skip-preview");
      expect(code, output).toBe(0);
      for (const server of [...hosts, web]) {
        const left = await server.exec(
          "ls -d /srv/rollgate /etc/systemd/system/rollgate* /etc/sudoers.d/rollgate* 2>/dev/null; getent passwd | grep rollgate; pgrep -l 'java|nginx'; :",
        );
        expect(left).toBe("");
      }
    });
  },
);

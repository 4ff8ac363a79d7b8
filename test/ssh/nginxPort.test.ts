import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { provisionCommand, provisionNginx } from "#kinds/ssh/provision.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { until } from "../../harness/until.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const UNIT = "rollgate-stack-nginx";
const reason = await noSystemdServers();

describe.skipIf(reason)(
  `nginx of a server whose port somebody else takes${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let servers: SystemdServers;
    let web: SystemdServer;
    let fleet: SshFleet;

    beforeAll(async () => {
      servers = await SystemdServers.create();
      web = await servers.add("server-web");
      fleet = await SshFleet.declare({
        config: servers.config,
        machines: [{ ...web, directory: "/srv/rollgate" }],
        web: { ...web, directory: "/srv/rollgate" },
        launch: { java: "java", jvmOptions: [], arguments: [] },
        supervisor: "systemd",
      });
      const machine = new SshMachine({ server: `admin@${web.name}`, sshConfig: servers.config });
      const script = provisionNginx(fleet.proxy, {
        ...{ deployer: "deploy", account: "rollgate-web", graceSeconds: 20 },
        ...{ command: "nginx", package: "" },
      });
      const input = Readable.from([script]);
      await machine
        .run(provisionCommand("install", "systemd"), [], { input, deadlineSeconds: 120 })
        .finally(() => machine.close());
    }, 900_000);

    afterAll(async () => {
      await servers?.remove();
    }, 60_000);

    const state = () => web.exec(`systemctl show --property ActiveState --value ${UNIT}`).then(trim);
    const configurations = () => web.exec("cd /srv/rollgate/stack/nginx && ls nginx.conf* 2>/dev/null || :");

    /** Debian's own nginx, with its own site. */
    const others = (verb: "start" | "stop") =>
      web.exec(`sed -i 's/listen 80 /listen 8080 /; /listen \\[::\\]/d' /etc/nginx/sites-available/default
systemctl ${verb} nginx.service`);

    test("is rejected before anything is touched, and the process on the port is named", async () => {
      await others("start");
      await expect(fleet.checkNginx()).rejects.toThrow(
        '"property":"port","reason":"8080 is taken by a process of the account root. Nothing was changed."',
      );
      expect(await configurations()).toBe("");
      await others("stop");
      await fleet.serveNginx();
      expect(await state()).toBe("active");
    });

    test("is named if nginx lost its port in a reboot, and nginx does not count as running", async () => {
      await fleet.serveNginx();
      const inputs = await fleet.checkNginx({ healthPath: "/other" });
      await web.exec(`systemctl kill --signal KILL ${UNIT}; systemctl start nginx.service`);
      await until(
        async () => Number(await web.exec(`systemctl show --property NRestarts --value ${UNIT}`)) > 1,
        30,
      );
      await expect(fleet.checkNginx()).rejects.toThrow("8080 is taken by a process of the account root");
      await expect(fleet.serveChecked(inputs)).rejects.toThrow(
        "port 8080 of nginx is taken by a process of the account root",
      );
      await others("stop");
      await fleet.serveNginx();
      expect(await state()).toBe("active");
    });

    test("does not restart forever if the port is lost at the last moment", async () => {
      await fleet.serveNginx();
      const before = await web.exec("cat /srv/rollgate/stack/nginx/nginx.conf");
      await web.exec(`systemctl stop ${UNIT}`);
      const inputs = await fleet.checkNginx({ healthPath: "/other" });
      const { propose } = MachineNginxServer.prototype;
      vi.spyOn(MachineNginxServer.prototype, "propose").mockImplementation(async function (
        this: MachineNginxServer,
        configuration,
      ) {
        await propose.call(this, configuration);
        await others("start");
      });
      onTestFinished(() => void vi.restoreAllMocks());
      await expect(fleet.serveChecked(inputs)).rejects.toThrow(
        /^nginx was started but does not answer at \S+: .*bind\(\) to .*:8080 failed.*\. nginx is stopped, with the old configuration in place\.$/,
      );
      vi.restoreAllMocks();
      // Longer than systemd waits before it starts a unit again.
      await sleep(2_000);
      expect(await state()).toMatch(/^(inactive|failed)$/);
      expect(await web.exec("cat /srv/rollgate/stack/nginx/nginx.conf")).toBe(before);
      await others("stop");
      await fleet.serveNginx();
      expect(await state()).toBe("active");
    });
  },
);

function trim(text: string): string {
  return text.trim();
}

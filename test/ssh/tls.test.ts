import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { copiesFolder } from "#kinds/ssh/certificateUnits.ts";
import { provisionCommand, provisionNginx } from "#kinds/ssh/provision.ts";
import { reachServers } from "#kinds/ssh/reachServers.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { check, create, remove } from "#provider/nginx.ts";
import { serving } from "../../harness/serving.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { until } from "../../harness/until.ts";
import { type MadeCertificate, makeCertificate } from "../support/certificate.ts";
import { fingerprintOf } from "../support/localTls.ts";
import { secureRequest } from "../support/secureRequest.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const LIVE = "/etc/letsencrypt/live/shop.example.com";
const ARCHIVE = "/etc/letsencrypt/archive/shop.example.com";
const files = { certificate: `${LIVE}/fullchain.pem`, key: `${LIVE}/privkey.pem` };
const reason = await noSystemdServers();

describe.skipIf(reason)(
  `a certificate of certbot's on a server${reason ? ` (${reason})` : ""}`,
  { timeout: 240_000 },
  () => {
    let servers: SystemdServers;
    let web: SystemdServer;
    let fleet: SshFleet;
    let number = 0;

    beforeAll(async () => {
      vi.spyOn(console, "log").mockImplementation(() => {});
      servers = await SystemdServers.create();
      web = await servers.add("server-web");
      fleet = await SshFleet.declare({
        config: servers.config,
        machines: [],
        web: { ...web, directory: "/srv/rollgate" },
        launch: { java: "java", jvmOptions: [], arguments: [] },
        supervisor: "systemd",
        secure: true,
      });
      await web.exec(
        `mkdir -p ${LIVE} ${ARCHIVE} && chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive`,
      );
    }, 600_000);

    afterAll(async () => {
      vi.restoreAllMocks();
      await servers?.remove();
    }, 60_000);

    /** As certbot does it: new files in its archive, then one link after the other. */
    async function renew(made: MadeCertificate): Promise<void> {
      number += 1;
      const put = (name: string, text: string) =>
        `umask 077; cat > ${ARCHIVE}/${name}${number}.pem <<'END'\n${text}END\n`;
      await web.exec(`${put("fullchain", made.certificate)}${put("privkey", made.key)}
cd ${LIVE}
for name in privkey fullchain; do
  rm -f $name.pem
  ln -s ../../archive/shop.example.com/\${name}${number}.pem $name.pem
done`);
    }

    const provisioning = () => ({
      ...{ user: "admin", account: "rollgate-stack-web", graceSeconds: 20, command: "nginx", package: "" },
      certificate: files,
    });

    async function provision(action: "install" | "remove"): Promise<void> {
      const machine = new SshMachine({ server: `admin@${web.name}`, sshConfig: servers.config });
      const script = provisionNginx(fleet.proxy, { ...provisioning(), deployer: "deploy" });
      const input = Readable.from([script]);
      await machine
        .run(provisionCommand(action, "systemd"), [], { input, deadlineSeconds: 120 })
        .finally(() => machine.close());
    }

    const inputs = (serverNames = ["shop.example.com"]) => ({
      ...fleet.proxy,
      ...serving,
      flavour: "stock",
      executable: "nginx",
      hosts: [{ name: "app-1", address: web.address, port: 9 }],
      serverNames,
      certificateCopies: true,
      tls: {
        ...files,
        ...{ port: 443, http2: true, http3: false, profile: "intermediate", redirect: true, hstsSeconds: 0 },
      },
    });

    const reach = (serverNames: readonly string[]) =>
      reachServers([], [{ ...fleet.proxy, provisioning: provisioning() }], serverNames);

    test("is looked at as root before the server is set up, then copied, and served after each renewal without a reload", async () => {
      await expect(reach(["shop.example.com"])).rejects.toThrow(
        `tls.certificate: nginx: server-web: expected a file on nginx's server, found no ${files.certificate}`,
      );
      await renew(await makeCertificate({ to: new Date(Date.now() + 20.5 * 86_400_000) }));
      await reach(["shop.example.com"]);
      expect(vi.mocked(console.log).mock.calls.join()).toMatch(
        /^warning: tls\.certificate: nginx: server-web: the certificate expires in 20 days, on \d{4}-\d\d-\d\d$/,
      );
      const [first, second] = [await makeCertificate(), await makeCertificate()];
      await renew(first);
      await expect(reach(["other.example.com"])).rejects.toThrow(
        /^tls\.certificate: nginx: server-web: expected a certificate for other\.example\.com, got one for /,
      );
      expect(await web.exec("ls /srv /var/lib | grep rollgate || :")).toBe("");

      await provision("install");
      // As on a server that is set up by other means: nginx's account can't read certbot's files.
      const { certificateCopies: _, ...direct } = inputs();
      const unreadable = (await check({ olds: {}, news: direct })).inputs ?? {};
      await expect(create(unreadable)).rejects.toThrow(
        `tls.certificate: expected a file that nginx's account can read, got ${files.certificate}`,
      );
      expect(await web.exec("ls /srv/rollgate/stack/nginx | grep conf || :")).not.toContain("nginx.conf");
      const passed = (await check({ olds: {}, news: inputs() })).inputs ?? {};
      await create(passed);
      const served = async () => (await secureRequest(443, "/", { address: web.address })).certificate;
      expect(await served()).toBe(fingerprintOf(first));
      const master = await web.exec("systemctl show --property MainPID --value rollgate-stack-nginx");
      const workers = await web.exec(`pgrep -P ${master.trim()}`);

      await renew(second);
      // Not all the time: nginx reads two files for a handshake, and one between the renewed one and the other fails.
      await until(async () => (await sleep(500)) ?? (await served()) === fingerprintOf(second), 30);
      expect(await web.exec(`pgrep -P ${master.trim()}`)).toBe(workers);
      // From now on the deployer can tell without root.
      await reach(["shop.example.com"]);
      expect(await check({ olds: passed, news: inputs(["other.example.com"]) })).toMatchObject({
        failures: [{ property: "tls.certificate" }],
      });

      await remove(passed);
      await provision("remove");
      expect(
        await web.exec(`ls -d ${copiesFolder(fleet.proxy)} /etc/systemd/system/rollgate-* 2>/dev/null || :`),
      ).toBe("");
      expect(await web.exec(`ls ${LIVE}`)).toContain("privkey.pem");
    });
  },
);

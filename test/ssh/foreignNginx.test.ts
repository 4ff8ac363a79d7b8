import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type ProvisionAction, provisionCommand, provisionNginx } from "#kinds/ssh/provision.ts";
import { type SshProxyDescriptor, sshNginxInputs, sshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { check, read, remove, create as serve } from "#provider/nginx.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { parse } from "#rollout/request/validate.ts";
import { serving } from "../../harness/serving.ts";
import { until } from "../../harness/until.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const reason = await noSystemdServers();
const ROOT = "/srv/rollgate";

/** Debian's nginx with a site that includes two stacks, and their application. */
const SITES = `rm -f /etc/nginx/sites-enabled/default
cat > /etc/nginx/sites-available/shop <<'END'
server {
    listen 8081;
    server_name shop.example.com;
    include ${ROOT}/shop/nginx/live/server*.conf;
    include ${ROOT}/api/nginx/live/server*.conf;
    location = /own { return 200 "own"; }
}
server {
    listen 127.0.0.1:9001;
    location / { return 200 '{"status":"UP"}'; }
}
END
ln -sf ../sites-available/shop /etc/nginx/sites-enabled/shop
systemctl restart nginx.service`;

describe.skipIf(reason)(
  `the nginx of a server with systemd${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let servers: SystemdServers;
    let web: SystemdServer;
    let admin: SshMachine;

    beforeAll(async () => {
      servers = await SystemdServers.create();
      web = await servers.add("server-web");
      admin = new SshMachine({ server: `admin@${web.name}`, sshConfig: servers.config });
    }, 900_000);

    afterAll(async () => {
      await admin?.close();
      await servers?.remove();
    }, 60_000);

    beforeEach(() => {
      vi.spyOn(console, "log").mockImplementation(() => {});
      return () => vi.restoreAllMocks();
    });

    let ports = 20_100;
    function inputs(name: string, change: object) {
      return parse(sshNginxInputs, {
        ...{ kind: "ssh", server: web.name, sshConfig: servers.config, supervisor: "systemd" },
        ...{ directory: `${ROOT}/${name}/nginx`, unit: `rollgate-${name}-nginx` },
        ...{ address: "0.0.0.0", port: 8081, controlPort: ports++, executable: "nginx" },
        ...{ ...serving, name, hosts: [{ name: "app-1", address: "127.0.0.1", port: 9001 }] },
        ...change,
      });
    }

    async function provision(action: ProvisionAction, place: SshProxyDescriptor): Promise<void> {
      const script = provisionNginx(place, {
        ...{ deployer: "deploy", account: `rollgate-${place.unit.slice(9, 12)}-web`, graceSeconds: 20 },
        ...{ command: "nginx", package: "" },
      });
      const input = Readable.from([script]);
      await admin.run(provisionCommand(action, "systemd"), [], { input, deadlineSeconds: 120 });
    }

    const reasons = async (news: object) => (await check({ olds: {}, news: { ...news } })).failures ?? [];

    async function up(news: ReturnType<typeof inputs>) {
      await provision("install", partOf(sshProxyDescriptor, news));
      const checked = await check({ olds: {}, news });
      if (!checked.inputs) throw new Error(JSON.stringify(checked.failures));
      const { outs } = await serve(checked.inputs);
      await web.exec(`rm ${news.directory}/drained/app-1`);
      return outs;
    }

    async function down(outs: object): Promise<void> {
      await remove({ ...outs });
      await provision("remove", partOf(sshProxyDescriptor, outs));
    }

    const get = (path: string, port = 8081) =>
      web.exec(
        `apt-get --version >/dev/null; printf 'GET ${path} HTTP/1.0\\r\\nHost: shop.example.com\\r\\n\\r\\n' | timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; cat >&3; cat <&3'`,
      );
    const owned = () =>
      web.exec("cd /etc && find nginx sudoers.d -type f -o -type l | sort | xargs sha256sum; id -u; ls /srv");

    test("is Debian's: two stacks are parts of it, and it is as before byte for byte once both are destroyed", async () => {
      await web.exec(SITES);
      const before = await owned();
      const foreign = { pidFile: "/run/nginx.pid", includeDirectory: "/etc/nginx/conf.d" };
      const shop = await up(inputs("shop", { foreign }));
      const api = await up(inputs("api", { foreign, pathPrefix: "/api" }));
      for (const path of ["/cart", "/api/orders"]) expect(await get(path)).toContain('{"status":"UP"}');
      expect(await get("/own")).toMatch(/own$/);
      for (const outs of [shop, api])
        expect((await read("x", outs)).props).toMatchObject({
          running: true,
          configuration: outs.configuration,
        });
      expect(await web.exec("ps -o user= -C nginx | sort -u")).toBe("root\nwww-data");
      await down(shop);
      await until(async () => (await get("/cart")).includes(" 404 "), 5);
      expect(await get("/api/orders")).toContain('{"status":"UP"}');
      await down(api);
      expect(await owned()).toBe(before);
      expect(await get("/own")).toMatch(/own$/);
    });

    test("is Debian's: what is wrong is refused with one line, and nothing is touched", async () => {
      await web.exec(SITES);
      const before = await owned();
      const foreign = { pidFile: "/run/nginx.pid", includeDirectory: "/etc/nginx/conf.d" };
      const news = inputs("shop", { foreign });
      expect(await reasons({ ...news, directory: `${ROOT}/other/nginx` })).toEqual([
        {
          property: "foreign",
          reason: `expected a server block in /etc/nginx with the line "include ${ROOT}/other/nginx/live/server*.conf;", found none. Nothing was changed.`,
        },
      ]);
      const { inputs: checked = {} } = await check({ olds: {}, news });
      await expect(serve(checked)).rejects.toThrow(
        "deploy may not run nginx -t -q with sudo: the server is not set up",
      );
      await web.exec("systemctl stop nginx.service");
      expect(await reasons(news)).toEqual([
        {
          property: "foreign",
          reason:
            "expected nginx to be running, found no process by /run/nginx.pid: start it first. Nothing was changed.",
        },
      ]);
      await web.exec("systemctl start nginx.service");
      expect(await owned()).toBe(before);
    });

    test("is another stack's, whose unit tests and reloads the part of a second one", async () => {
      await web.exec(SITES);
      const owner = inputs("own", { port: 8082 });
      const first = await up(owner);
      const second = await up(
        inputs("joined", { port: 8082, pathPrefix: "/api", foreign: { stack: owner.directory } }),
      );
      for (const path of ["/cart", "/api/orders"]) expect(await get(path, 8082)).toContain('{"status":"UP"}');
      await expect(remove(first)).rejects.toThrow("expected no other stack behind this nginx");
      const { inputs: changed } = await check({ olds: first, news: { ...owner, slowestRequestSeconds: 90 } });
      await serve(changed ?? {});
      expect(await get("/api/orders", 8082)).toContain('{"status":"UP"}');
      await down(second);
      expect(await get("/cart", 8082)).toContain('{"status":"UP"}');
      await down(first);
      expect(await web.exec("ls /srv")).toBe("");
    });
  },
);

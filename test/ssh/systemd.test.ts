import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ProvisionOptions,
  provisionCommand,
  provisionHost,
  provisionNginx,
} from "#kinds/ssh/provision.ts";
import { isSameServer } from "#kinds/ssh/sameServer.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { unexplained } from "../../harness/localFleet.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const JAVA = "/opt/java/openjdk/bin/java";
const JVM_OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"];
const OPTIONS: ProvisionOptions = {
  deployer: "deploy",
  account: "rollgate-stack",
  graceSeconds: 20,
  command: "sh",
  package: "",
};
const reason = await noSystemdServers();

describe.skipIf(reason)(
  `a roll over servers with systemd, by an account with few rights${reason ? ` (${reason})` : ""}`,
  { timeout: 240_000 },
  () => {
    let servers: SystemdServers;
    let hosts: SystemdServer[];
    let web: SystemdServer;
    let fleet: SshFleet;
    let old: Jar;
    let next: Jar;

    /** Logs in as somebody who may do anything. */
    async function provision(
      server: SystemdServer,
      script: string,
      action: "install" | "remove" = "install",
    ): Promise<void> {
      const machine = new SshMachine({ server: `admin@${server.name}`, sshConfig: servers.config });
      try {
        const input = Readable.from([script]);
        await machine.run(provisionCommand(action, "systemd"), [], { input, deadlineSeconds: 120 });
      } finally {
        await machine.close();
      }
    }

    beforeAll(async () => {
      servers = await SystemdServers.create();
      hosts = [await servers.add("server-1"), await servers.add("server-2")];
      web = await servers.add("server-web");
      const place = (server: SystemdServer) => ({ ...server, directory: "/srv/rollgate" });
      fleet = await SshFleet.declare({
        config: servers.config,
        machines: hosts.map(place),
        web: place(web),
        launch: { java: JAVA, jvmOptions: JVM_OPTIONS, arguments: [] },
        supervisor: "systemd",
      });
      for (const [index, server] of hosts.entries()) {
        const host = fleet.hosts[index];
        if (host) await provision(server, provisionHost(host, OPTIONS));
      }
      const forNginx = { ...OPTIONS, account: "rollgate-stack-web", command: "nginx" };
      await provision(web, provisionNginx(fleet.proxy, forNginx));
      await fleet.serveNginx();
      old = await identifyJar(await buildMarket({ version: "1.0.0" }));
      next = await identifyJar(await buildMarket({ version: "1.1.0" }));
      expect((await fleet.rollHere(old)).failure).toBeUndefined();
    }, 900_000);

    afterAll(async () => {
      await servers?.remove();
    }, 60_000);

    const all = (jar: Jar) => ({ "app-1": releaseId(jar), "app-2": releaseId(jar) });

    /** The jar that the fleet does not run, and the one that it runs. */
    async function turn(): Promise<{ other: Jar; current: Jar }> {
      const runsOld = (await fleet.releases())["app-1"] === releaseId(old);
      return runsOld ? { other: next, current: old } : { other: old, current: next };
    }

    test("loses no request", async () => {
      const { result, seen } = await fleet.underLoad(() => fleet.rollHere(next));
      expect(result.failure).toBeUndefined();
      expect(await fleet.releases()).toEqual(all(next));
      expect(seen.lost).toEqual([]);
      expect(Object.keys(seen.versions).sort()).toEqual(["1.0.0", "1.1.0"]);
    });

    test("rolls back a release that crashes in its soak, although systemd restarts it", async () => {
      const { current } = await turn();
      const bad = await identifyJar(await buildMarket({ version: "1.2.0", fault: "crash-after-healthy" }));
      const began = performance.now();
      const crashedAt = Promise.withResolvers<number>();
      const { result, seen } = await fleet.underLoad(() =>
        fleet.rollHere(
          bad,
          (phase, host) => {
            if (phase !== "admit" || host !== "app-1") return;
            hosts[0]
              ?.exec(
                "pid=$(systemctl show -p MainPID --value rollgate-stack-app-1); while kill -0 $pid; do sleep 0.01; done",
              )
              .then(() => crashedAt.resolve((performance.now() - began) / 1000), crashedAt.reject);
          },
          { timing: { soakSeconds: 8 } },
        ),
      );
      expect(result.failure).toMatch(
        /app-1 failed its soak gate on 1\.2\.0-.*app-1 is back on .*app-2 was not touched/,
      );
      expect(await fleet.releases()).toEqual(all(current));
      expect(unexplained(seen.lost, await crashedAt.promise)).toEqual([]);
    });

    test("cannot use a unit name of another stack, which is left as it is", async () => {
      const [host, server] = [fleet.hosts[0], hosts[0]];
      if (!host || !server) throw new Error("there is no host");
      const unit = () => server.exec(`sha256sum /etc/systemd/system/${host.unit}.service`);
      const before = await unit();
      const other = provisionHost({ ...host, directory: "/srv/rollgate/other/app-1" }, OPTIONS);
      await expect(provision(server, other)).rejects.toThrow(
        /expected no unit of another program or stack, got \/etc/,
      );
      await provision(server, other, "remove");
      expect(await unit()).toBe(before);
      expect(await fleet.releases()).toEqual(all((await turn()).current));
    });

    test("a timer replaces a long access log, and each line names the release", async () => {
      await fleet.serveNginx({ accessLog: { format: "json", rotateMegabytes: 1, keep: 2 } });
      const { unit, directory } = fleet.proxy;
      const log = `${directory}/logs/access.log`;
      expect((await web.exec(`systemctl is-active ${unit}-logs.timer`)).trim()).toBe("active");
      await web.exec(`head -c 1100000 /dev/zero >> ${log} && systemctl start ${unit}-logs.service`);
      const { current, other } = await turn();
      expect((await fleet.rollHere(other)).failure).toBeUndefined();
      for (let sent = 0; sent < 4; sent++) await fetch(`${fleet.url}/hello`);
      const releases = async () => {
        const lines = (await web.exec(`tail -n 4 ${log}`)).split("\n").filter(Boolean);
        return lines.map((line) => JSON.parse(line).release);
      };
      await expect
        .poll(releases, { timeout: 5_000 })
        .toEqual(Array.from({ length: 4 }, () => releaseId(other)));
      expect(await web.exec(`stat -c %s ${log}.1`)).toMatch(/^1[1-9]\d{5}$/m);
      await fleet.serveNginx();
      expect((await fleet.rollHere(current)).failure).toBeUndefined();
    });

    test("counts a roll's requests where nginx has an account of its own, and a timer removes the lines", async () => {
      const { unit, directory } = fleet.proxy;
      const { result, seen } = await fleet.underLoad(async () => fleet.rollHere((await turn()).other));
      expect(seen.lost).toEqual([]);
      expect(result.result?.warnings).toEqual([]);
      expect(result.lines.at(-1)).toMatch(/ done +[\d,]+ requests, 0 lost \(.*\), p99 /);
      await web.exec(`echo left >> ${directory}/logs/ledger.log && systemctl start ${unit}-logs.service`);
      await web.exec(`! test -s ${directory}/logs/ledger.log`);
    });

    test("nginx works in its folder, where requests look for the sum of the flags", async () => {
      const { directory, controlPort } = fleet.proxy;
      const ask = `exec 3<>/dev/tcp/127.0.0.1/${controlPort}; printf "GET /rollgate/drained HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3`;
      // A flag that nobody summed up shows whether the sum is found.
      const answer = await web.exec(`cd ${directory}/drained; touch app-1; bash -c '${ask}'; rm app-1`);
      expect(answer).toContain("unsummed");
    });

    test("tells servers apart, however they are spelled", async () => {
      const place = (server: string) => ({ server, sshConfig: servers.config });
      expect(await isSameServer(place("server-1"), place(`admin@${hosts[0]?.address}`))).toBe(true);
      expect(await isSameServer(place("server-1"), place("server-2"))).toBe(false);
    });

    test("touches nothing if sudo refuses what it needs", async () => {
      const { other, current } = await turn();
      await hosts[1]?.exec("mv /etc/sudoers.d/rollgate-stack-app-2 /root/rights");
      const { result, seen } = await fleet.underLoad(() => fleet.rollHere(other));
      await hosts[1]?.exec("mv /root/rights /etc/sudoers.d/rollgate-stack-app-2");
      expect(result.failure).toMatch(
        /^app-2 is not ready: deploy may not run \/usr\/bin\/systemctl start \S+ with sudo: expected the rules in \/etc\/sudoers\.d\/rollgate-stack-app-2\. No host was touched\.$/,
      );
      expect(seen.lost).toEqual([]);
      expect(await fleet.releases()).toEqual(all(current));
    });

    test("says so if the sudo rights disappear in the middle, and the next roll finishes", async () => {
      const { other } = await turn();
      let taken: Promise<unknown> | undefined;
      const { result, seen } = await fleet.underLoad(() =>
        fleet.rollHere(other, (phase, host) => {
          if (phase === "admit" && host === "app-1") {
            taken ??= hosts[1]?.exec("mv /etc/sudoers.d/rollgate-stack-app-2 /root/rights");
          }
        }),
      );
      await taken;
      await hosts[1]?.exec("mv /root/rights /etc/sudoers.d/rollgate-stack-app-2");
      expect(result.failure).toMatch(/app-2 .*sudo refused a command/);
      expect(seen.lost).toEqual([]);
      const healed = await fleet.underLoad(() => fleet.rollHere(other));
      expect(healed.result.failure).toBeUndefined();
      expect(healed.seen.lost).toEqual([]);
      expect(await fleet.releases()).toEqual(all(other));
    });

    test("loses no request if a server reboots while it is out, and the next roll finishes", async () => {
      const { other } = await turn();
      let rebooted: Promise<void> | undefined;
      const { seen } = await fleet.underLoad(async () =>
        fleet.rollHere(other, (phase, host) => {
          if (phase === "start" && host === "app-1") rebooted ??= hosts[0]?.reboot();
        }),
      );
      await rebooted;
      expect(rebooted).toBeDefined();
      expect(seen.lost).toEqual([]);
      const healed = await fleet.underLoad(() => fleet.rollHere(other));
      expect(healed.result.failure).toBeUndefined();
      expect(healed.seen.lost).toEqual([]);
      expect(await fleet.releases()).toEqual(all(other));
    });

    test("isn't held up for long by a server that is gone, loses only what that was answering, and finishes once it is back", async () => {
      const [{ other }, server] = [await turn(), hosts[1]];
      if (!server) throw new Error("there is no second server");
      const gone = Promise.withResolvers<{ from: number; until: number }>();
      const { result, seen } = await fleet.underLoad(async () => {
        const outcome = await fleet.rollHere(
          other,
          (phase, host) => {
            if (phase !== "admit" || host !== "app-1") return;
            const from = fleet.loadSeconds;
            const powered = () => gone.resolve({ from, until: fleet.loadSeconds });
            server.powerOff().then(powered, gone.reject);
          },
          { timing: { soakSeconds: 4 }, health: { deadlineSeconds: 12 } },
        );
        return { ...outcome, endedAt: fleet.loadSeconds };
      });
      const { from, until } = await gone.promise;
      expect(result.failure).toMatch(
        /^app-2 could not be brought to \S+: (server-2 cannot be reached: .*|it does not answer); app-1 keeps \S+; app-2 was not touched\. Now: app-1 \S+; app-2 unreachable\.(?: During the roll: \d.*\.)?$/,
      );
      const waits = result.lines.filter((line) =>
        / wait +for app-2 \(unreachable: .*\): \d+ s of at most 12 s$/.test(line),
      );
      expect(waits.length).toBeGreaterThan(0);
      // The deadline once, and what questions to the dead take to fail.
      expect(result.endedAt - until).toBeLessThan(50);
      // Whatever was on its way to that server at the time, a second at most.
      const unexplained = seen.lost.filter(
        ({ atSeconds }) => atSeconds < from - 1.5 || atSeconds > until + 0.1,
      );
      expect(unexplained).toEqual([]);
      await server.powerOn();
      const healed = await fleet.underLoad(() => fleet.rollHere(other));
      expect(healed.result.failure).toBeUndefined();
      expect(healed.seen.lost).toEqual([]);
      expect(await fleet.releases()).toEqual(all(other));
    });

    test("is not needed after a reboot, since every server serves again by itself", async () => {
      const before = await fleet.releases();
      await Promise.all([...hosts, web].map((server) => server.reboot()));
      await expect
        .poll(() => fetch(`${fleet.url}/hello`).then(({ status }) => status, String), { timeout: 60_000 })
        .toBe(200);
      await expect.poll(() => fleet.releases(), { timeout: 60_000 }).toEqual(before);
    });
  },
);

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openSshHost } from "#kinds/ssh/openSshHost.ts";
import { provisionCommand, provisionHost } from "#kinds/ssh/provision.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { describeAppHost, type NewHost, run, stopAll } from "../contract/appHost.ts";
import { describeSecondSlot, runBeside, slotsOf } from "../contract/secondSlot.ts";
import { describeStartupCache } from "../contract/startupCache.ts";
import { fakeJava } from "../support/fakeJava.ts";
import { noSystemdServers, type SystemdServer, SystemdServers } from "../support/ssh/systemdServers.ts";

const JAVA = "/opt/fake/java";
const OPTIONS = {
  ...{ deployer: "deploy", account: "rollgate-contract", graceSeconds: 10, command: "sh", package: "" },
};
const WRITE = 'sudo mkdir -p /opt/fake && sudo tee "$1" >/dev/null && sudo chmod 755 "$1"';
const reason = await noSystemdServers();

describe.skipIf(reason)(
  `on a server with systemd${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let servers: SystemdServers;
    let server: SystemdServer;
    let admin: SshMachine;
    let count = 0;

    beforeAll(async () => {
      servers = await SystemdServers.create();
      server = await servers.add("server-1");
      admin = new SshMachine({ server: `admin@${server.name}`, sshConfig: servers.config });
      const application = `${await fakeJava(servers.directory)}.cjs`;
      const java = `#!/bin/sh\nexec /opt/fake/node ${JAVA}.cjs "$@"\n`;
      for (const [name, input] of [
        ["/opt/fake/node", createReadStream(process.execPath)],
        [JAVA, Readable.from([java])],
        [`${JAVA}.cjs`, Readable.from([await readFile(application)])],
      ] as const) {
        await admin.run(WRITE, [name], { input, deadlineSeconds: 120 });
      }
    }, 600_000);

    afterAll(async () => {
      await admin?.close();
      await servers?.remove();
    }, 60_000);

    async function open(): Promise<NewHost> {
      const name = `app-${++count}`;
      const place = {
        kind: "ssh",
        name,
        address: server.address,
        port: 8000 + count,
        second: { address: server.address, port: 9000 + count },
        server: server.name,
        sshConfig: servers.config,
        directory: `/srv/rollgate/contract/hosts/${name}`,
        supervisor: "systemd",
        unit: `rollgate-contract-${name}`,
      } as const;
      const input = Readable.from([provisionHost(place, OPTIONS)]);
      await admin.run(provisionCommand("install", "systemd"), [], { input, deadlineSeconds: 120 });
      const machine = new SshMachine(place);
      const parts = openSshHost(machine, place);
      onTestFinished(async () => {
        await stopAll(parts);
        await machine.close();
      });
      return {
        parts,
        machine,
        directory: place.directory,
        launch: { java: JAVA, jvmOptions: [], arguments: [] },
      };
    }

    const kind = {
      open,
      workDirectory: ({ directory }: NewHost) => `${directory}/work`,
      cannot: {
        seeSockets: "the application belongs to another account than the one that deploys",
      },
    };
    describeAppHost(kind);
    describeSecondSlot(kind);
    describeStartupCache(open, false);

    test("a roll needs the rights for both units, which are in one file", async () => {
      const { host } = slotsOf(await open());
      const unit = `rollgate-contract-${host.name}`;
      const rules = `/etc/sudoers.d/${unit}`;
      await server.exec(`cp ${rules} /root/rights; sed -i '/${unit}_b.service/d' ${rules}`);
      onTestFinished(async () => void (await server.exec(`mv /root/rights ${rules}`)));
      await expect(host.preflight(new AbortController().signal)).rejects.toThrow(
        `${host.name}_b is not ready: deploy may not run /usr/bin/systemctl start ${unit}_b.service with sudo: expected the rules in ${rules}`,
      );
    });

    test("a reboot starts the slot that serves, and not the one that was retired", async () => {
      const { host, second } = slotsOf(await open());
      await run(host, { version: "1.0.0" });
      const release = await runBeside(host, second, { version: "2.0.0" });
      await host.stopForGood(10);
      await server.reboot();
      await expect.poll(() => second.runningApp(), { timeout: 60_000 }).toMatchObject({ release });
      expect(await host.runningApp()).toBeUndefined();
      // It can be used again, and then starts after a reboot, too.
      await host.start(host.launch);
      await second.stopForGood(10);
      await server.reboot();
      await expect.poll(() => host.runningApp(), { timeout: 60_000 }).toMatchObject({ release });
      expect(await second.runningApp()).toBeUndefined();
    });
  },
);

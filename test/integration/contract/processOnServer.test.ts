import { join } from "node:path";
import { beforeAll, describe, onTestFinished } from "vitest";
import { openSshHost } from "#kinds/ssh/openSshHost.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { freePort } from "../../../harness/freePort.ts";
import { noSshd, type SshServer, SshServers } from "../../../harness/ssh/sshServers.ts";
import { describeAppHost, type NewHost, stopAll } from "../../contract/appHost.ts";
import { describeProcessHost } from "../../contract/processHost.ts";
import { describeSecondProcess } from "../../contract/secondProcess.ts";
import { describeSecondSlot } from "../../contract/secondSlot.ts";
import { describeStartupCache } from "../../contract/startupCache.ts";
import { fakeJava } from "../../support/fakeJava.ts";

const reason = await noSshd();

describe.skipIf(reason)(`on a server without systemd${reason ? ` (${reason})` : ""}`, () => {
  let servers: SshServers;
  let server: SshServer;
  let count = 0;

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-1");
    return () => servers.remove();
  });

  async function open({ ownHealthPort = false } = {}): Promise<NewHost> {
    const name = `app-${++count}`;
    const { address } = server;
    const slot = async () => ({
      address,
      port: await freePort(address),
      ...(ownHealthPort && { healthPort: await freePort(address) }),
    });
    const place = {
      kind: "ssh",
      name,
      ...(await slot()),
      second: await slot(),
      server: server.name,
      sshConfig: servers.config,
      directory: join(server.directory, name),
      supervisor: "process",
      unit: name,
    } as const;
    const machine = new SshMachine(place);
    const parts = openSshHost(machine, place);
    onTestFinished(async () => {
      await stopAll(parts);
      await machine.close();
    });
    const launch = { java: await fakeJava(), jvmOptions: [], arguments: [] };
    return { parts, machine, directory: place.directory, launch };
  }

  const kind = { open, workDirectory: ({ directory }: NewHost) => `${directory}/work` };
  describeAppHost(kind);
  describeSecondSlot(kind);
  describeProcessHost(open);
  describeSecondProcess(open);
  describeStartupCache(open, false);
});

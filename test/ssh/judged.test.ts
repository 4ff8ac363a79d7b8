import { describe } from "vitest";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { fakeJava } from "../support/fakeJava.ts";
import { judgedTests } from "../support/judgedTests.ts";

const reason = await noSshd();

describe.skipIf(reason)(`on servers${reason ? ` (${reason})` : ""}`, { timeout: 100_000 }, () => {
  judgedTests(async () => {
    const servers = await SshServers.create();
    const machines = [await servers.add("server-1"), await servers.add("server-2")];
    const web = await servers.add("server-web");
    const java = await fakeJava(servers.directory);
    const launch = { java, jvmOptions: [], arguments: [] };
    const fleet = await SshFleet.create({ config: servers.config, machines, web, launch, second: true });
    const remove = async () => {
      await endProcessesUnder(servers.directory);
      await servers.remove();
    };
    return { fleet, java, remove };
  });
});

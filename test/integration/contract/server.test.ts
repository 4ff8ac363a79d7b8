import { beforeAll, describe, onTestFinished } from "vitest";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { noSshd, SshServers } from "../../../harness/ssh/sshServers.ts";
import { describeMachine } from "../../contract/machine.ts";

const reason = await noSshd();

describe.skipIf(reason)(`a server that is reached over SSH${reason ? ` (${reason})` : ""}`, () => {
  let servers: SshServers;

  beforeAll(async () => {
    servers = await SshServers.create();
    await servers.add("server-1");
    return () => servers.remove();
  });

  describeMachine(async () => {
    const machine = new SshMachine({ server: "server-1", sshConfig: servers.config });
    onTestFinished(() => machine.close());
    return { machine, address: "127.0.0.1" };
  });
});

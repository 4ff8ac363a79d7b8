import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reachServers } from "#kinds/ssh/reachServers.ts";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { patiently } from "../../../../settings/patiently.ts";

const reason = await noSshd();

describe.skipIf(reason)("a server that was made a moment ago", { timeout: 60_000 }, () => {
  let servers: SshServers;
  let server: SshServer;
  const told: string[] = [];

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-1");
    await servers.stop(server);
  });

  afterAll(async () => servers?.remove());

  const reach = () => {
    const { config: sshConfig, directory } = servers;
    const place = { server: "server-1", sshConfig, directory, supervisor: "process", unit: "" } as const;
    const host = { kind: "ssh", name: "app-1", address: "127.0.0.1", port: 8080, ...place } as const;
    return reachServers([host], []);
  };
  const patience = { seconds: 30, betweenMilliseconds: 100, onWait: (why: string) => void told.push(why) };

  test("is waited for until it accepts connections", async () => {
    await expect(reach()).rejects.toThrow("hosts[0].server: app-1: server-1 cannot be reached");
    const onWait = (why: string) => {
      told.push(why);
      void servers.start(server);
    };
    const waiting = patiently(reach, { ...patience, onWait });
    await expect(waiting).resolves.toBeUndefined();
    expect(told).toEqual([expect.stringMatching(/^server-1 cannot be reached: .*refused/)]);
  });

  test("isn't waited for if it is another one than expected", async () => {
    told.length = 0;
    await servers.changeKey(server);
    await expect(patiently(reach, patience)).rejects.toThrow("its host key differs from the known one");
    expect(told).toEqual([]);
  });
});

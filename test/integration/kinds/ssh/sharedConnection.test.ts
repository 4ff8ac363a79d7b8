import { chmod, mkdir, readdir, readFile, readlink, stat, symlink } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import type { SshPlace } from "#kinds/ssh/sshArguments.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { listProcesses } from "../../../../harness/processTable.ts";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { until } from "../../../../harness/until.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const reason = await noSshd();

describe.skipIf(reason)("a connection that several processes of an update share", () => {
  let servers: SshServers;
  let server: SshServer;
  let root: string;

  beforeAll(async () => {
    servers = await SshServers.create();
    return () => servers.remove();
  });

  beforeEach(async ({ task }) => {
    server = await servers.add(`server-${task.id}`);
    root = join(await temporaryDirectory(), "shared");
    return async () => {
      // They would live on for a while.
      for (const { pid } of await masters()) process.kill(pid);
    };
  });

  async function masters() {
    return (await listProcesses()).filter(({ argv }) => argv[0]?.startsWith(`ssh: ${root}/`));
  }

  /** Stands for a process of its own: another pool knows nothing of the first one but the folder. */
  async function say(word: string, place: Partial<SshPlace> = {}, folder = root): Promise<string> {
    const pool = new ConnectionPool(0, new SharedSockets(folder));
    const machine = new SshMachine({ server: server.name, sshConfig: servers.config, ...place }, pool);
    return machine.run('echo "$1"', [word]).finally(() => machine.close());
  }

  async function hostKey(): Promise<string> {
    return readFile(join(servers.directory, `${server.name}.key.pub`), "utf8");
  }

  test("needs one login, and outlives the process that made it", async () => {
    expect(await say("one")).toBe("one\n");
    expect(await servers.connections(server)).toBe(1);
    expect(await say("two")).toBe("two\n");
    expect(await servers.connections(server)).toBe(1);
    expect(await masters()).toHaveLength(1);
  });

  test("carries word of places that are set up, for as long as the update lasts", async () => {
    const machine = () => {
      const pool = new ConnectionPool(0, new SharedSockets(root));
      return new SshMachine({ server: server.name, sshConfig: servers.config }, pool);
    };
    vi.stubEnv("PULUMI_NODEJS_ENGINE", "127.0.0.1:4711");
    onTestFinished(() => void vi.unstubAllEnvs());
    const first = machine();
    await first.run("true", []);
    expect(await machine().accountOfSetUp("/srv/app-1")).toBeUndefined();
    await first.isSetUp("/srv/app-1");
    await first.close();
    await until(async () => (await machine().accountOfSetUp("/srv/app-1")) === userInfo().username, 10);
    expect(await machine().accountOfSetUp("/srv/app-2")).toBeUndefined();
    vi.stubEnv("PULUMI_NODEJS_ENGINE", "127.0.0.1:4712");
    expect(await machine().accountOfSetUp("/srv/app-1")).toBeUndefined();
  });

  test("has its socket in a folder that nobody else can enter", async () => {
    await say("one");
    const folder = join(root, await readlink(join(root, "current")));
    for (const each of [root, folder]) {
      const { mode } = await stat(each);
      expect((mode & 0o777).toString(8)).toBe("700");
    }
    expect((await readdir(folder)).filter((name) => !name.includes("."))).toHaveLength(1);
  });

  test.each([
    ["that others can enter", () => mkdir(root).then(() => chmod(root, 0o755))],
    [
      "behind a link",
      async () => {
        const elsewhere = await temporaryDirectory();
        await chmod(elsewhere, 0o700);
        await symlink(elsewhere, root);
      },
    ],
  ])("is not made in a folder %s", async (_, make) => {
    await make();
    expect(await say("one")).toBe("one\n");
    expect(await readdir(root)).toEqual([]);
    await until(async () => (await servers.connections(server)) === 0, 10);
  });

  test("is not used with another host key, or with other known hosts", async () => {
    await say("one");
    const other = (await hostKey()).replace(/AAAA\S{60}/, (key) => `${key.slice(0, -8)}AAAAAAAA`);
    await expect(say("two", { hostKey: other })).rejects.toMatchObject({ code: "host-key-changed" });
    expect(await say("two", { hostKey: await hostKey() })).toBe("two\n");
    expect(await servers.connections(server)).toBe(2);
    await servers.trust({ ...server, port: server.port + 1 });
    await say("three");
    expect(await servers.connections(server)).toBe(3);
  });

  test("that broke meanwhile is replaced", async () => {
    await say("one");
    await servers.cut(server);
    expect(await say("two")).toBe("two\n");
    await servers.freeze(server);
    expect(await say("three")).toBe("three\n");
  });

  test("whose process was killed is replaced", async () => {
    await say("one");
    for (const { pid } of await masters()) process.kill(pid, "SIGKILL");
    expect(await say("two")).toBe("two\n");
    expect(await masters()).toHaveLength(1);
  });

  test("is left to those that use it by a drop, after which others log in anew", async () => {
    const pool = new ConnectionPool(0, new SharedSockets(root));
    const machine = new SshMachine({ server: server.name, sshConfig: servers.config }, pool);
    onTestFinished(() => machine.close());
    expect(await machine.run("echo one", [])).toBe("one\n");
    await pool.drop();
    await say("two");
    expect(await servers.connections(server)).toBe(2);
    expect(await machine.run("echo three", [])).toBe("three\n");
    expect(await servers.connections(server)).toBe(2);
  });

  test("tells which account is logged in, without a command if another process knows it", async () => {
    const pool = new ConnectionPool(0, new SharedSockets(root));
    const { username } = userInfo();
    const run = vi.spyOn(SshMachine.prototype, "run");
    onTestFinished(() => run.mockRestore());
    await until(async () => {
      run.mockClear();
      const machine = new SshMachine({ server: server.name, sshConfig: servers.config }, pool);
      expect(await machine.account()).toBe(username);
      await machine.close();
      return run.mock.calls.length === 0;
    }, 10);
  });

  test("says why a port was refused, whoever logged in", async () => {
    await say("one");
    const pool = new ConnectionPool(0, new SharedSockets(root));
    const machine = new SshMachine({ server: server.name, sshConfig: servers.config }, pool);
    onTestFinished(() => machine.close());
    const stream = await machine.connect("127.0.0.1", 1);
    await expect(new Promise((_, reject) => stream.once("error", reject))).rejects.toThrow(
      "Connection refused",
    );
  });
});

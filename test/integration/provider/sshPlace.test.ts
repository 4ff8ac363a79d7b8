import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import * as sshServer from "#kinds/ssh/provisionedServer.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { sshNginxPlace } from "#kinds/ssh/sshNginx.ts";
import * as sshHost from "#provider/hostResource.ts";
import * as nginx from "#provider/nginx.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { endProcessesUnder } from "../../../harness/endProcessesUnder.ts";
import { freePort } from "../../../harness/freePort.ts";
import { SshFleet } from "../../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../../harness/ssh/sshServers.ts";
import { listenOn, startNode } from "../../support/child.ts";
import { fakeJar, fakeJava } from "../../support/fakeJava.ts";
import { serveHttp } from "../../support/httpServer.ts";

const reason = await noSshd();

describe.skipIf(reason)("the place of a host or of nginx", { timeout: 60_000 }, () => {
  let servers: SshServers;
  let fleet: SshFleet;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
    servers = await SshServers.create();
    const [one, web] = [await servers.add("server-1"), await servers.add("server-web")];
    for (const { name, address, port } of [one, web]) {
      await appendFile(servers.config, `Host again-${name}\n  HostName ${address}\n  Port ${port}\n`);
    }
    fleet = await SshFleet.create({
      config: servers.config,
      machines: [one],
      web,
      launch: { java: await fakeJava(directory), jvmOptions: [], arguments: [] },
    });
    expect((await fleet.rollHere(await fakeJar({ version: "1.0.0" }, directory))).failure).toBeUndefined();
  }, 60_000);

  afterAll(async () => {
    if (!servers) return;
    await endProcessesUnder(servers.directory);
    await servers.remove();
    await rm(directory, { recursive: true });
  }, 60_000);

  const host = (changes: object = {}) => ({ ...fleet.hosts[0], graceSeconds: 5, ...changes });

  test("is the same if the server is only spelled differently, so nothing is removed", async () => {
    const next = host({ server: "again-server-1" });
    expect(await sshHost.check({ olds: host(), news: next })).toEqual({ inputs: next });
    expect(await sshHost.diff({ olds: host(), news: next })).toEqual({ changes: true, replaces: [] });
    const served = { ...fleet.proxy, configuration: "", running: true };
    expect(await nginx.diff({ olds: served, news: { ...served, server: "again-server-web" } })).toMatchObject(
      {
        changes: true,
        replaces: [],
      },
    );
  });

  test("cannot change while something runs there", async () => {
    const { failures } = await sshHost.check({ olds: host(), news: host({ unit: "another" }) });
    expect(failures).toEqual([
      {
        property: "unit",
        reason:
          "expected rollgate-stack-app-1, where it is running, got another: destroy the stack first, or leave it there. Nothing was changed.",
      },
    ]);
  });

  test("stays as it is, and a line says so, if its set-up is removed while something is serving there", async () => {
    const printed: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
    onTestFinished(() => void vi.restoreAllMocks());
    const options = { user: "", account: "a", graceSeconds: 5, command: "sh", package: "" };
    for (const place of [...fleet.hosts, fleet.proxy]) {
      const { inputs = {} } = await sshServer.check({ olds: {}, news: { place, ...options } });
      const before = await readdir(place.directory);
      await sshServer.remove(inputs);
      expect(await readdir(place.directory)).toEqual(before);
    }
    expect(printed).toEqual([
      `app-1: ${fleet.hosts[0]?.directory} is still in use and was left as it is`,
      `nginx: ${fleet.proxy.directory} is still in use and was left as it is`,
    ]);
  });

  test("cannot have a port that a removed host still has, as after a rename", async () => {
    const { directory: old, port } = host();
    const renamed = host({ name: "web-1", directory: `${old}-web`, unit: "rollgate-stack-web-1" });
    const { failures } = await sshHost.check({ olds: {}, news: renamed });
    expect(failures).toEqual([
      {
        property: "port",
        reason: expect.stringMatching(
          new RegExp(
            `^${port} is taken by .*: if this host replaces another one, remove that one, run pulumi up, then add`,
          ),
        ),
      },
    ]);
    expect(await sshHost.check({ olds: {}, news: host() })).toEqual({ inputs: host() });
  });

  test("cannot move to a port that is taken, not even for health", async () => {
    const port = await freePort();
    const { pid } = await startNode(listenOn(port, fleet.hosts[0]?.address));
    for (const [property, change] of [
      ["port", { port }],
      ["healthPort", { healthPort: port }],
    ] as const) {
      const news = { ...host(change), portsAreFree: true };
      expect(await sshHost.check({ olds: host(), news })).toEqual({
        failures: [{ property, reason: expect.stringMatching(`^${port} is taken by pid ${pid} `) }],
      });
    }
  });

  test("must have its port free, even before there is an nginx in a first preview", async () => {
    const port = await freePort(fleet.proxy.address);
    const { pid } = await startNode(listenOn(port, fleet.proxy.address));
    const place = { directory: `${fleet.proxy.directory}-new`, port, executable: "/nowhere/nginx" };
    await expect(fleet.checkNginx(place)).rejects.toThrow(
      `"property":"port","reason":"${port} is taken by pid ${pid} (`,
    );
  });

  test("is asked few things, since each costs a round trip", async () => {
    const run = vi.spyOn(SshMachine.prototype, "run");
    onTestFinished(() => run.mockRestore());
    const scripts = async (ask: () => Promise<unknown>) => {
      run.mockClear();
      await ask();
      return run.mock.calls.length;
    };
    const served = await fleet.checkNginx();
    expect({
      "check of a new host": await scripts(() => sshHost.check({ olds: {}, news: host() })),
      "check of a new host at which the program has looked": await scripts(async () => {
        const news = { ...host(), portsAreFree: true };
        expect(await sshHost.check({ olds: {}, news })).toEqual({ inputs: host() });
      }),
      "check of a host": await scripts(() => sshHost.check({ olds: host(), news: host() })),
      "refresh of a host": await scripts(() => sshHost.read("id", host())),
      "check of nginx": await scripts(() => fleet.checkNginx({}, served)),
      "refresh of nginx": await scripts(() => nginx.read("id", served)),
      "check of nginx that was just refreshed": await scripts(async () => {
        const { inputs = {} } = await nginx.read("id", { ...served, running: true });
        await setTimeout(1_000);
        run.mockClear();
        expect(await fleet.checkNginx({ flavour: "auto" }, inputs)).toEqual(served);
      }),
    }).toEqual({
      "check of a new host": 1,
      "check of a new host at which the program has looked": 0,
      "check of a host": 0,
      "refresh of a host": 1,
      "check of nginx": 5,
      "refresh of nginx": 2,
      "check of nginx that was just refreshed": 0,
    });
  });

  test("of nginx is asked all at once in a refresh, since answers in turn cost a round trip each", async () => {
    const served = await fleet.checkNginx();
    const [run, getAnew] = [SshMachine.prototype.run, MachineNginxAccess.prototype.getAnew];
    const asked = Promise.withResolvers<void>();
    const asking = vi.spyOn(MachineNginxAccess.prototype, "getAnew").mockImplementation(function (
      this: MachineNginxAccess,
      ...given
    ) {
      asked.resolve();
      return getAnew.apply(this, given);
    });
    const running = vi.spyOn(SshMachine.prototype, "run").mockImplementation(async function (
      this: SshMachine,
      ...given
    ) {
      await asked.promise;
      return run.apply(this, given);
    });
    onTestFinished(() => {
      running.mockRestore();
      asking.mockRestore();
    });
    expect((await nginx.read("id", { ...served, running: true })).props.running).toBe(true);
    expect(asking).toHaveBeenCalledTimes(1);
  });

  test("counts every connection to a host if nginx's own cannot be told apart", async () => {
    const { port } = await serveHttp((_, response) => response.end());
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once("connect", resolve));
    const machine = new SshMachine(fleet.proxy);
    onTestFinished(() => machine.close());
    const seen = new MachineNginxAccess(machine, sshNginxPlace(fleet.proxy));
    const unseen = new MachineNginxAccess(machine, {
      ...sshNginxPlace(fleet.proxy),
      directory: "/nowhere",
    });
    expect(await seen.connectionsTo("127.0.0.1", port)).toBe(0);
    expect(await unseen.connectionsTo("127.0.0.1", port)).toBe(1);
  });
});

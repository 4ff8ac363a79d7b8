import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { listProcesses } from "../../harness/processTable.ts";
import { request } from "../../harness/request.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, type SshServer, SshServers } from "../../harness/ssh/sshServers.ts";
import { fakeJar, fakeJava } from "../support/fakeJava.ts";
import { grabPort } from "../support/foreigner.ts";

const run = promisify(execFile);
const reason = await noSshd();

describe.skipIf(reason)("what goes wrong with servers reached over SSH", { timeout: 120_000 }, () => {
  let servers: SshServers;
  let machines: readonly SshServer[];
  let web: SshServer;
  let fleet: SshFleet;
  let old: Jar;
  let next: Jar;
  let java: string;
  let directory: string;

  let foldersBefore: string[];

  /** Where sockets of connections are. */
  async function folders(): Promise<string[]> {
    return (await readdir(tmpdir())).filter((name) => /^rg-ssh-/.test(name));
  }

  beforeAll(async () => {
    foldersBefore = await folders();
    directory = await mkdtemp(join(tmpdir(), "rollgate-jars-"));
    java = await fakeJava(directory);
    servers = await SshServers.create();
    machines = [await servers.add("server-1"), await servers.add("server-2"), await servers.add("server-3")];
    web = await servers.add("server-web");
    fleet = await SshFleet.create(options());
    old = await fakeJar({ version: "1.0.0" }, directory);
    next = await fakeJar({ version: "1.1.0" }, directory);
    expect((await fleet.rollHere(old)).failure).toBeUndefined();
  }, 120_000);

  afterAll(async () => {
    if (!servers) return;
    await endProcessesUnder(servers.directory);
    await servers.remove();
    await rm(directory, { recursive: true });
  }, 60_000);

  const options = () => ({
    config: servers.config,
    machines,
    web,
    launch: { java, jvmOptions: [], arguments: [] },
  });

  /** No fault of this kind may cost a request. */
  async function rollUnderLoad(...roll: Parameters<SshFleet["rollHere"]>) {
    const { seen, result } = await fleet.underLoad(() => fleet.rollHere(...roll));
    expect(seen.sent).toBeGreaterThan(20);
    expect(seen.lost).toEqual([]);
    return result;
  }

  const all = (jar: Jar) => Object.fromEntries(fleet.hosts.map(({ name }) => [name, releaseId(jar)]));

  /** The jar that the fleet does not run. */
  async function other(): Promise<Jar> {
    return (await fleet.releases())["app-1"] === releaseId(old) ? next : old;
  }

  async function away(gone: readonly SshServer[]): Promise<void> {
    for (const server of gone) {
      await servers.cut(server);
      await servers.stop(server);
    }
  }

  beforeEach(async () => {
    expect(await versionsServed()).toHaveLength(1);
  });

  async function versionsServed(): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: 12 }, () => request(`${fleet.url}/`)));
    return [...new Set(answers.map(({ body }) => String(JSON.parse(body).version)))];
  }

  test("a roll over three servers goes through", async () => {
    const jar = await other();
    const { failure } = await rollUnderLoad(jar);
    expect(failure).toBeUndefined();
    expect(await fleet.releases()).toEqual(all(jar));
    expect(await versionsServed()).toEqual([jar.version]);
  });

  test("all servers that cannot be reached are named at once, and nothing is touched", async () => {
    const before = await fleet.releases();
    const [jar, gone] = [await other(), machines.slice(1)];
    await away(gone);
    const { failure, lines } = await rollUnderLoad(jar);
    for (const server of gone) await servers.start(server);
    expect(failure).toMatch(
      /app-2 is not ready: server-2 cannot be reached: .*refused.*; app-3 is not ready: server-3 cannot be reached: .*refused.*\. No host was touched\./,
    );
    expect(lines).toEqual([]);
    expect(await fleet.releases()).toEqual(before);
  });

  test("a server whose host key changed is rejected, and nothing is touched", async () => {
    const before = await fleet.releases();
    const jar = await other();
    const [server] = machines;
    if (!server) throw new Error("there is no server");
    await servers.cut(server);
    await servers.changeKey(server);
    const { failure } = await rollUnderLoad(jar);
    expect(failure).toMatch(
      /app-1 is not ready: server-1: its host key differs from the known one .*No host was touched/,
    );
    await run("ssh-keygen", [
      ...["-R", `[${server.address}]:${server.port}`],
      ...["-f", join(servers.directory, "known_hosts")],
    ]);
    await servers.trust(server);
    expect(await fleet.releases()).toEqual(before);
  });

  const phases = [
    "preflight",
    "stage",
    "drain",
    "settle",
    "stop",
    "switch",
    "start",
    "health",
    "upstream",
    "admit",
  ] as const;

  test.each(phases)(
    "cutting the connection to every server after %s does not stop the roll",
    async (phase) => {
      const jar = await other();
      const cuts: Promise<unknown>[] = [];
      const { failure, lines } = await rollUnderLoad(jar, (reported, host) => {
        if (reported !== phase || (host ?? "app-2") !== "app-2") return;
        cuts.push(...[...machines, web].map((server) => servers.cut(server)));
      });
      await Promise.all(cuts);
      expect(cuts.length).toBeGreaterThan(0);
      expect(failure, lines.join("\n")).toBeUndefined();
      expect(lines.join("\n")).toMatch(/reconnect the connection to server-\S+ broke; reconnected/);
      expect(await fleet.releases()).toEqual(all(jar));
      expect(await versionsServed()).toEqual([jar.version]);
    },
  );

  test("connections that are cut again and again do not stop the roll", async () => {
    const jar = await other();
    let isOver = false;
    let cuts = 0;
    const cutting = (async () => {
      for (; !isOver; cuts++) {
        await sleep(700);
        const everyServer = [...machines, web];
        const server = everyServer[cuts % everyServer.length];
        if (server) await servers.cut(server);
      }
    })();
    const { failure, lines } = await rollUnderLoad(jar);
    isOver = true;
    await cutting;
    expect(cuts).toBeGreaterThan(2);
    expect(failure, lines.join("\n")).toBeUndefined();
    expect(await fleet.releases()).toEqual(all(jar));
  });

  test("a network that is down for some seconds stops nothing", async () => {
    const jar = await other();
    const everyServer = [...machines, web];
    let back: Promise<void> | undefined;
    const { failure, lines } = await rollUnderLoad(jar, (phase, host) => {
      if (phase !== "stop" || host !== "app-2") return;
      back = away(everyServer)
        .then(() => sleep(4_000))
        .then(async () => {
          for (const server of everyServer) await servers.start(server);
        });
    });
    await back;
    expect(failure, lines.join("\n")).toBeUndefined();
    expect(await fleet.releases()).toEqual(all(jar));
  });

  test("a server that reboots in the middle fails the roll, and the next roll repairs it", async () => {
    const jar = await other();
    const before = await fleet.releases();
    const server = machines[1];
    if (!server) throw new Error("there is no server");
    let back: Promise<void> | undefined;
    const reboot = (phase: string, host?: string) => {
      if (phase !== "start" || host !== "app-2" || back) return;
      back = (async () => {
        await servers.stop(server);
        await servers.cut(server);
        await endProcessesUnder(server.directory);
        await sleep(2_000);
        await servers.start(server);
      })();
    };
    // The application may pass some of its gates before its server is gone.
    const { failure } = await rollUnderLoad(jar, reboot, { timing: { soakSeconds: 5 } });
    await back;
    expect(failure).toMatch(
      /app-2 failed its (?:health|upstream|soak) gate on .*; app-1 went back to .*; app-3 was not touched/,
    );
    expect(await fleet.releases()).toEqual(before);
    const healed = await rollUnderLoad(jar);
    expect(healed.failure).toBeUndefined();
    expect(await fleet.releases()).toEqual(all(jar));
  });

  test("a server that dies during the turn of another is waited for and reported; the others end on one release, and the next roll repairs it", async () => {
    const [jar, before] = [await other(), await fleet.releases()];
    const [, , server] = machines;
    if (!server) throw new Error("there is no third server");
    let dead: Promise<void> | undefined;
    let diedAt = 0;
    const { failure, lines } = await fleet.rollHere(
      jar,
      (phase, host) => {
        if (phase !== "start" || host !== "app-1") return;
        diedAt = performance.now();
        dead = away([server]).then(() => endProcessesUnder(server.directory));
      },
      { health: { deadlineSeconds: 8 } },
    );
    // The deadline once, with questions of at most 10 s before and after it, and not again for the way back.
    expect(performance.now() - diedAt).toBeLessThan(70_000);
    await dead;
    expect(failure).toMatch(
      /^app-2 was not taken out: at least 2 of the others must serve, but app-3 does not \(unreachable: [^;]*\); app-1 went back to \S+; app-3 was not touched\. Now: app-1 \S+; app-2 \S+; app-3 unreachable\.$/,
    );
    expect(lines.filter((line) => / wait +for app-3 \(unreachable: /.test(line)).length).toBeGreaterThan(0);
    expect(lines.filter((line) => / app-2 +drain /.test(line))).toEqual([]);
    expect(lines.filter((line) => / rollback /.test(line))).toEqual([
      expect.stringMatching(/ app-1 +rollback +going back to \S+ without app-3$/),
    ]);
    await servers.start(server);
    expect(await fleet.releases()).toEqual({ ...before, "app-3": "nothing" });
    const healed = await fleet.rollHere(jar);
    expect(healed.failure).toBeUndefined();
    expect(healed.lines.find((line) => / drain /.test(line))).toMatch(/app-3/);
    expect(await fleet.releases()).toEqual(all(jar));
  });

  test("the preview rejects removing all serving hosts at once", async () => {
    const olds = await fleet.checkNginx();
    const moved = fleet.members.map((member) => ({ ...member, port: member.port + 1 }));
    await expect(fleet.checkNginx({ hosts: moved }, olds)).rejects.toThrow(
      '"property":"hosts","reason":"expected at least one healthy host that stays where it is, got none: ',
    );
    await fleet.checkNginx({ hosts: fleet.members.slice(1) }, olds);
  });

  test("a port taken between stop and start leaves its host drained and is named, and the next roll repairs that", async () => {
    const [jar, before] = [await other(), await fleet.releases()];
    const [host] = fleet.hosts;
    if (!host) throw new Error("there is no host");
    const grabber = grabPort(servers, host.port, host.address);
    try {
      const { failure } = await rollUnderLoad(jar);
      const taken = `port ${host.port} of app-1 is taken by pid ${grabber.pid} \\(.*\\)`;
      expect(failure).toMatch(
        new RegExp(
          `app-1 failed its start gate on ${releaseId(jar)}: ${taken}.* failed too \\(${taken}\\): app-1 stays drained; app-2 and app-3 were not touched\\.`,
        ),
      );
      expect(await fleet.releases()).toEqual({ ...before, "app-1": "nothing" });
      const refused = await rollUnderLoad(jar);
      expect(refused.failure).toMatch(new RegExp(`^${taken}\\. No host was touched\\.$`));
      expect(refused.lines).toEqual([]);
    } finally {
      await grabber.end();
    }
    expect((await rollUnderLoad(jar)).failure).toBeUndefined();
    expect(await fleet.releases()).toEqual(all(jar));
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a full disk stops the roll before any host is touched",
    async (context) => {
      const before = await fleet.releases();
      const releases = join(fleet.hosts[2]?.directory ?? "", "releases");
      const jar = await fakeJar({ version: "3.0.0" });
      const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", releases]).then(
        () => true,
        () => false,
      );
      context.skip(!mounted, "no file system can be mounted here");
      try {
        await run("dd", ["if=/dev/zero", `of=${releases}/filler`]).catch(() => {});
        const { failure } = await rollUnderLoad(jar);
        expect(failure).toMatch(/app-3 cannot stage 3\.0\.0-\S+: no space left for .*No host was touched/);
      } finally {
        await run("umount", [releases]);
      }
      expect(await fleet.releases()).toEqual(before);
    },
  );

  test("two stacks on the same servers do not interfere", async () => {
    const second = await SshFleet.create({
      ...options(),
      machines: machines.slice(0, 2),
      stack: "second",
    });
    const pids = async () =>
      (await listProcesses())
        .filter(({ argv }) => argv.some((argument) => argument.includes("/stack/app-")))
        .map(({ pid }) => pid);
    const before = await pids();
    expect((await second.rollHere(old)).failure).toBeUndefined();
    expect((await second.rollHere(next)).failure).toBeUndefined();
    expect(await second.releases()).toEqual({ "app-1": releaseId(next), "app-2": releaseId(next) });
    expect(await pids()).toEqual(before);
    for (const { directory } of [...second.hosts, second.proxy]) {
      await endProcessesUnder(directory);
      await rm(directory, { recursive: true });
    }
  });

  test("of two deployers at once, one rolls, and the other fails with the first one's name and touches nothing", async () => {
    const jar = await other();
    let second: ReturnType<typeof fleet.rollHere> | undefined;
    const first = await rollUnderLoad(jar, (phase) => {
      if (phase === "drain") second ??= fleet.rollHere(jar);
    });
    expect(first.failure).toBeUndefined();
    expect((await second)?.failure).toMatch(
      /^a test has been rolling this fleet since .*\. No host was touched\.$/,
    );
  });

  test("nothing is left on the deployer's machine", async () => {
    const names = await folders();
    const ssh = (await listProcesses()).filter(
      ({ argv }) => argv[0] === "ssh" && argv.includes(servers.config),
    );
    expect(ssh).toEqual([]);
    expect(names).toEqual(foldersBefore);
  });
});

import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { SshAppHost } from "#kinds/ssh/sshAppHost.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { Launch } from "#rollout/request/rollRequest.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { type Behaviour, fakeJar, fakeJava } from "../../../support/fakeJava.ts";
import { freePort } from "../../../support/freePort.ts";
import { request } from "../../../support/request.ts";
import { noSshd, type SshServer, SshServers } from "../../../support/ssh/sshServers.ts";
import { until } from "../../../support/until.ts";

const reason = await noSshd();
const { signal } = new AbortController();

describe.skipIf(reason)("an app host on a server without systemd", () => {
  let servers: SshServers;
  let server: SshServer;
  let count = 0;

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-1");
    return () => servers.remove();
  });

  interface Parts {
    readonly host: SshAppHost;
    readonly descriptor: SshHostDescriptor;
    readonly java: string;
    again(launch: Partial<Launch>, environment?: Record<string, string>): SshAppHost;
  }

  async function newHost(): Promise<Parts> {
    const name = `app-${++count}`;
    const descriptor: SshHostDescriptor = {
      kind: "ssh",
      name,
      address: server.address,
      port: await freePort(server.address),
      server: server.name,
      sshConfig: servers.config,
      directory: join(server.directory, name),
      supervisor: "process",
      unit: name,
    };
    const java = await fakeJava();
    const machine = new SshMachine(descriptor);
    const again = (launch: Partial<Launch>, environment = {}) => {
      const host = new SshAppHost(machine, descriptor, {
        launch: { java, jvmOptions: [], arguments: [], ...launch },
        environment,
        health: {
          path: "/actuator/health",
          passes: 1,
          intervalMilliseconds: 20,
          timeoutMilliseconds: 1000,
          deadlineSeconds: 10,
        },
        uploads: pLimit(2),
      });
      onTestFinished(() => host.close());
      return host;
    };
    const host = again({});
    onTestFinished(async () => {
      await host.stop(0);
      await machine.close();
    });
    return { host, descriptor, java, again };
  }

  async function install(host: SshAppHost, behaviour: Behaviour): Promise<string> {
    const jar = await fakeJar(behaviour);
    const release = releaseId(jar);
    await host.preflight(signal);
    await host.stage(release, jar, signal);
    await host.switchTo(release);
    return release;
  }

  async function run(host: SshAppHost, behaviour: Behaviour): Promise<string> {
    const release = await install(host, behaviour);
    await host.start(host.launch);
    await until(async () => (await host.probe(signal)).up, 10);
    return release;
  }

  test("says nothing of itself before anything was done", async () => {
    const { host } = await newHost();
    await host.preflight(signal);
    expect(await host.observe()).toEqual({ releases: [] });
    expect(await host.portOwner()).toEqual({ kind: "nobody" });
    expect(await host.probe(signal)).toMatchObject({ up: false });
    expect(await host.logTail(5)).toEqual([]);
  });

  test("runs what was staged, and says so by its process alone", async () => {
    const { host, descriptor } = await newHost();
    const release = await run(host, { version: "1.0.0" });
    const running = { pid: expect.any(Number), release, launch: host.launch };
    expect(await host.observe()).toEqual({ running, current: release, releases: [release] });
    expect(await host.portOwner()).toEqual({ kind: "application", release });
    expect(await host.probe(signal)).toEqual({ up: true, detail: "200 UP" });
    expect(await host.logTail(5)).toEqual(["1.0.0 starts"]);
    await host.markGood({ release, launch: host.launch });
    expect((await host.observe()).good).toEqual({ release, launch: host.launch });
    expect((await stat(join(descriptor.directory, "secrets", "environment"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(descriptor.directory, "launches", `${host.launch}.json`))).mode & 0o777).toBe(
      0o600,
    );
  });

  test("runs a war out of a file that is named as one", async () => {
    const { host, descriptor } = await newHost();
    const release = await run(host, { version: "1.0.0", ending: "war" });
    expect(await host.observe()).toMatchObject({ running: { release }, current: release });
    const { body } = await request(`http://${descriptor.address}:${descriptor.port}/`);
    expect(JSON.parse(body).args).toContain(`${descriptor.directory}/releases/${release}/app.war`);
    await host.stage(release, undefined, signal);
  });

  test("gives the application its options, its arguments and its variables", async () => {
    const { again, descriptor } = await newHost();
    const environment = { SECRET: 'a "b" $c \\d' };
    const host = again({ jvmOptions: ["-Da=b c"], arguments: ["--x='y'"] }, environment);
    await run(host, { version: "1.0.0" });
    const { body } = await request(`http://${descriptor.address}:${descriptor.port}/`);
    const seen = JSON.parse(body);
    expect(seen.args).toEqual(expect.arrayContaining(["-Da=b c", "--x='y'"]));
    expect(seen.environment).toMatchObject({ ...environment, ROLLGATE_HOST: descriptor.name });
    expect(seen.directory).toBe(join(descriptor.directory, "work"));
  });

  test("stops what runs, and kills what does not stop in time", async () => {
    const { host } = await newHost();
    await run(host, { version: "1.0.0" });
    expect(await host.stop(5)).toEqual({ killed: false });
    expect((await host.observe()).running).toBeUndefined();
    expect(await host.stop(5)).toEqual({ killed: false });
    await run(host, { version: "1.1.0", ignoresSigterm: true });
    expect(await host.stop(1)).toEqual({ killed: true });
    expect((await host.observe()).running).toBeUndefined();
  });

  test("goes back to an earlier release with the options it had", async () => {
    const { host, again } = await newHost();
    const first = await run(host, { version: "1.0.0" });
    await host.stop(5);
    const other = again({ jvmOptions: ["-Xmx1g"] });
    await run(other, { version: "1.1.0" });
    await other.stop(5);
    await other.switchTo(first);
    await other.start(host.launch);
    expect(await other.runningApp()).toMatchObject({ release: first, launch: host.launch });
    await expect(again({}).start("000000000000")).rejects.toThrow(/port .* is taken by .*which still runs/);
    await other.stop(5);
    await expect(again({}).start("000000000000")).rejects.toMatchObject({ code: "launch-unknown" });
  });

  test("tells who has its port", async () => {
    const { host, descriptor } = await newHost();
    await startNode(listenOn(descriptor.port, descriptor.address));
    expect(await host.portOwner()).toMatchObject({
      kind: "other",
      name: expect.stringMatching(/account \d+/),
    });
    await expect(host.preflight(signal)).rejects.toMatchObject({ code: "port-taken" });
  });

  test("shows an application that ends by itself, with what it wrote", async () => {
    const { host } = await newHost();
    await install(host, { version: "1.0.0", exits: 3 });
    await host.start(host.launch);
    await until(async () => (await host.runningApp()) === undefined, 10);
    expect(await host.logTail(5)).toEqual(["1.0.0 starts", "Error: this application cannot start"]);
  });

  test("keeps the log of the run before", async () => {
    const { host, descriptor } = await newHost();
    await run(host, { version: "1.0.0" });
    await host.stop(5);
    await run(host, { version: "1.1.0" });
    expect(await host.logTail(9)).toEqual(["1.1.0 starts"]);
    const before = await readFile(join(descriptor.directory, "logs", "app.log.1"), "utf8");
    expect(before).toBe("1.0.0 starts\n1.0.0 was asked to stop\n");
  });

  test("removes releases beyond those to keep, and what an interrupted staging left", async () => {
    const { host, descriptor } = await newHost();
    const ids: string[] = [];
    for (const version of ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]) ids.push(await install(host, { version }));
    await writeFile(join(descriptor.directory, "releases", ".x.part"), "half");
    await host.prune(2, []);
    expect((await host.observe()).releases).toEqual([ids[2], ids[3]]);
    await expect(stat(join(descriptor.directory, "releases", ".x.part"))).rejects.toThrow(/ENOENT/);
  });

  describe("staging", () => {
    const folderOf = ({ descriptor }: Parts) => join(descriptor.directory, "releases");
    const partOf = (parts: Parts, id: string) => join(folderOf(parts), `.${id}.part`);

    async function prepare(): Promise<{ parts: Parts; jar: Jar; id: string; bytes: Buffer }> {
      const parts = await newHost();
      const jar = await fakeJar({ version: "2.0.0" });
      await mkdir(folderOf(parts), { recursive: true });
      return { parts, jar, id: releaseId(jar), bytes: await readFile(jar.path) };
    }

    const staged = async (parts: Parts, id: string) => readFile(join(folderOf(parts), id, "app.jar"));

    test("goes on where a broken upload ended", async () => {
      const { parts, jar, id, bytes } = await prepare();
      await writeFile(partOf(parts, id), bytes.subarray(0, 100));
      await writeFile(jar.path, Buffer.concat([Buffer.alloc(100), bytes.subarray(100)]));
      await parts.host.stage(id, jar, signal);
      expect((await staged(parts, id)).equals(bytes)).toBe(true);
    });

    test("begins anew when what is there is not what was sent", async () => {
      const { parts, jar, id, bytes } = await prepare();
      await writeFile(partOf(parts, id), "something else");
      await parts.host.stage(id, jar, signal);
      expect((await staged(parts, id)).equals(bytes)).toBe(true);
    });

    test("replaces a release that was damaged on the server", async () => {
      const { parts, jar, id, bytes } = await prepare();
      await mkdir(join(folderOf(parts), id));
      await writeFile(join(folderOf(parts), id, "app.jar"), "damaged");
      await parts.host.stage(id, jar, signal);
      expect((await staged(parts, id)).equals(bytes)).toBe(true);
    });

    test("refuses a jar that changed after it was identified, and leaves nothing", async () => {
      const { parts, jar, id } = await prepare();
      await writeFile(jar.path, "another jar");
      await expect(parts.host.stage(id, jar, signal)).rejects.toMatchObject({
        code: "staged-corrupted",
        message: expect.stringContaining("twice"),
      });
      await expect(stat(join(folderOf(parts), id))).rejects.toThrow(/ENOENT/);
    });

    test("without a jar needs the whole release there", async () => {
      const { parts, jar, id } = await prepare();
      await expect(parts.host.stage(id, undefined, signal)).rejects.toMatchObject({
        code: "release-missing",
      });
      await parts.host.stage(id, jar, signal);
      await parts.host.stage(id, undefined, signal);
    });

    test("goes on over a connection that breaks in the middle", async () => {
      const { parts, id } = await prepare();
      const big = { ...(await fakeJar({ version: "2.0.0" })) };
      // Too long to be kept in memory, so that it is not simply sent again.
      const bytes = Buffer.concat([await readFile(big.path), Buffer.alloc(120_000_000, "x")]);
      await writeFile(big.path, bytes);
      const { createHash } = await import("node:crypto");
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const name = `${id.slice(0, 6)}${sha256.slice(0, 12)}`;
      const staging = parts.host.stage(name, { ...big, sha256 }, signal);
      await until(async () => {
        const size = await stat(partOf(parts, name)).then(
          (found) => found.size,
          () => 0,
        );
        return size > 1_000_000 && size < bytes.length;
      });
      await servers.cut(server);
      const { size } = await stat(partOf(parts, name));
      expect(size).toBeLessThan(bytes.length);
      await staging;
      expect((await stat(join(folderOf(parts), name, "app.jar"))).size).toBe(bytes.length);
    });
  });

  describe("a preflight names", () => {
    test("a java that is not there", async () => {
      const { again } = await newHost();
      await expect(again({ java: "/nowhere/java" }).preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: java: expected a Java runtime, found no executable \/nowhere\/java$/,
      );
    });

    test("a java that was built for another processor", async () => {
      const { again } = await newHost();
      const java = join(server.directory, "foreign-java");
      // An ELF file for a machine that this is not: what the kernel refuses to run.
      const elf = Buffer.from(await readFile("/bin/true"));
      elf.writeUInt16LE(0x5441, 18);
      await writeFile(java, elf);
      await chmod(java, 0o755);
      await expect(again({ java }).preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: java: expected a Java runtime that runs here, got .*Exec format error/,
      );
    });

    test("a server that forwards no connections, so that no health could be asked for", async () => {
      const { host } = await newHost();
      await servers.cut(server);
      await servers.configure(server, "AllowTcpForwarding no");
      await expect(host.preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: server-1 forwards no connection to 127\S+ \(administratively prohibited.*\): expected AllowTcpForwarding yes in its sshd_config$/,
      );
      await servers.cut(server);
      await servers.configure(server, "AllowTcpForwarding yes");
      await host.preflight(signal);
    });

    test("a server that cannot be reached", async () => {
      const { host } = await newHost();
      await servers.cut(server);
      await servers.stop(server);
      await expect(host.preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: server-1 cannot be reached: /,
      );
      await servers.start(server);
    });
  });
});

import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pLimit from "p-limit";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { openSshHost } from "#kinds/ssh/openSshHost.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { until } from "../../../../harness/until.ts";
import { fakeJar, fakeJava } from "../../../support/fakeJava.ts";

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
    readonly host: MachineAppHost;
    readonly descriptor: SshHostDescriptor;
    readonly java: string;
    again(launch: Partial<Launch>, environment?: Record<string, string>): MachineAppHost;
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
      const host = new MachineAppHost(openSshHost(machine, descriptor), {
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

    test("resumes a broken upload where it stopped", async () => {
      const { parts, jar, id, bytes } = await prepare();
      await writeFile(partOf(parts, id), bytes.subarray(0, 100));
      await writeFile(jar.path, Buffer.concat([Buffer.alloc(100), bytes.subarray(100)]));
      await parts.host.stage(id, jar, signal);
      expect((await staged(parts, id)).equals(bytes)).toBe(true);
    });

    test("starts over if what is there is not what was sent", async () => {
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

    test("rejects a jar that changed after it was identified, and leaves nothing behind", async () => {
      const { parts, jar, id } = await prepare();
      await writeFile(jar.path, "another jar");
      await expect(parts.host.stage(id, jar, signal)).rejects.toMatchObject({
        code: "staged-corrupted",
        message: expect.stringContaining("twice"),
      });
      await expect(stat(join(folderOf(parts), id))).rejects.toThrow(/ENOENT/);
    });

    test("without a jar needs the whole release on the host", async () => {
      const { parts, jar, id } = await prepare();
      await expect(parts.host.stage(id, undefined, signal)).rejects.toMatchObject({
        code: "release-missing",
      });
      await parts.host.stage(id, jar, signal);
      await parts.host.stage(id, undefined, signal);
    });

    test("continues after a connection that breaks in the middle", async () => {
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

  test("a preflight asks nothing of a port that was reached a moment ago", async () => {
    const { host, again } = await newHost();
    const ask = vi.spyOn(MachineHealth.prototype, "ask");
    onTestFinished(() => ask.mockRestore());
    await host.preflight(signal);
    expect(ask.mock.calls.map(([path]) => path)).toEqual(["/"]);
    await again({}).preflight(signal);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  describe("a preflight names", () => {
    test("a missing java", async () => {
      const { again } = await newHost();
      await expect(again({ java: "/nowhere/java" }).preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: java: expected a Java runtime, found no executable \/nowhere\/java$/,
      );
    });

    test("a java built for another processor", async () => {
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

    test("a server that does not forward connections, which health requests need", async () => {
      const { host } = await newHost();
      await servers.cut(server);
      await servers.configure(server, "AllowTcpForwarding no");
      await expect(host.preflight(signal)).rejects.toThrow(
        /^app-\d+ is not ready: server-1 does not forward connections to 127\S+ \(administratively prohibited.*\): expected AllowTcpForwarding yes in its sshd_config$/,
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

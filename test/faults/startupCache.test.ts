import { readFileSync } from "node:fs";
import { chmod, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { openSshHost } from "#kinds/ssh/openSshHost.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import type { HostParts, MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { readUnpacking } from "#rollout/startupCache/readUnpacking.ts";
import type { StartupCache } from "#rollout/startupCache/startupCache.ts";
import { freePort } from "../../harness/freePort.ts";
import { QUICK_START } from "../../harness/realFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { until } from "../../harness/until.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { hostOf, stopAll } from "../contract/appHost.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

const { signal } = new AbortController();
const TIME = 1_700_000_000;

const LAUNCH = { java: "java", jvmOptions: QUICK_START, arguments: [] };
const reason = await noSshd();

/** A host whose JVM ends with the test. */
function hostWith(parts: HostParts, machine: Machine, directory: string) {
  const host = hostOf({ parts, machine, directory, launch: LAUNCH }, { startupCache: true });
  onTestFinished(() => stopAll(parts));
  if (!host.startupCache) throw new Error("it has no startup cache");
  return { host, cache: host.startupCache, directory };
}

async function newLocalHost() {
  const directory = join(await temporaryDirectory(), "app-1");
  const place = {
    kind: "local",
    name: "app-1",
    address: "127.0.0.1",
    port: await freePort(),
    directory,
  } as const;
  const machine = new LocalMachine();
  return hostWith(openLocalHost(place, machine), machine, directory);
}

async function newServerHost() {
  const servers = await SshServers.create();
  onTestFinished(() => servers.remove());
  const { name: server, address, directory: disk } = await servers.add("server-1");
  const directory = join(disk, "app-2-with-a-longer-name");
  const place = { kind: "ssh", name: "app-2", address, port: await freePort(address), directory } as const;
  const host = { ...place, server, sshConfig: servers.config, supervisor: "process", unit: "app-2" } as const;
  const machine = new SshMachine(host);
  onTestFinished(() => machine.close());
  return hostWith(openSshHost(machine, host), machine, directory);
}

/** Starts the current release and waits until it is up; returns its pid. */
async function start(host: MachineAppHost): Promise<number> {
  await host.start(host.launch);
  await until(async () => (await host.probe(signal)).up, 60);
  const { pid = 0 } = (await host.runningApp()) ?? {};
  return pid;
}

/** The files of classes that a process has in its memory, without the JVM's own. */
function classesOf(pid: number): string[] {
  const files = readFileSync(`/proc/${pid}/maps`, "utf8").match(/\/\S+\.jsa$/gm) ?? [];
  return [...new Set(files.filter((file) => file.includes("/dependencies/")))];
}

async function archiveOf(
  cache: Pick<StartupCache, keyof StartupCache>,
  id: string,
  path: string,
): Promise<string> {
  const { archive } = (await cache.prepare(id, await readUnpacking(path), TIME)) ?? {};
  if (archive === undefined) throw new Error("there can be no archive of classes");
  return archive;
}

test.skipIf(reason)(
  "a JVM lists its classes, with which the next release starts on another host",
  {
    timeout: 240_000,
  },
  async () => {
    const jar = await identifyJar(await buildMarket({ version: "1.0.0" }));
    const id = releaseId(jar);
    const [first, second] = [await newLocalHost(), await newServerHost()];
    for (const { host } of [first, second]) {
      await host.preflight(signal);
      await host.stage(id, jar, signal);
      await host.switchTo(id);
    }
    const archive = await archiveOf(first.cache, id, jar.path);
    expect(await first.cache.prepare(id, undefined, TIME + 5)).toEqual({ archive, isThere: false });

    const listing = await start(first.host);
    expect(await first.host.portOwner()).toEqual({ kind: "application", release: id });
    await first.cache.make(listing, archive);
    expect((await first.host.probe(signal)).up).toBe(true);
    expect(await first.cache.prepare(id, undefined, TIME + 5)).toEqual({ archive, isThere: true });
    expect((await first.host.logTail(200)).join("\n")).not.toMatch(/\[cds|Skipping/);
    expect(await first.host.stop(10)).toEqual({ killed: false });

    // Another release with the same libraries, unpacked later and elsewhere.
    const next = await identifyJar(await buildMarket({ version: "1.1.0" }));
    const nextId = releaseId(next);
    await second.host.stage(nextId, next, signal);
    await second.host.switchTo(nextId);
    expect(await second.cache.prepare(nextId, await readUnpacking(next.path), TIME + 60)).toEqual({
      archive,
      isThere: false,
    });
    await second.cache.install(archive, await first.cache.read(archive));
    const warm = await start(second.host);
    expect(classesOf(warm)).toEqual([join(second.directory, "dependencies", archive)]);
    expect(await second.host.runningApp()).toEqual({
      pid: warm,
      release: nextId,
      launch: second.host.launch,
    });
    expect(await second.host.portOwner()).toEqual({ kind: "application", release: nextId });
    expect((await second.host.logTail(200)).join("\n")).not.toMatch(/\[cds|Skipping/);
    expect(await second.host.stop(10)).toEqual({ killed: false });

    // A JVM would crash at it.
    const installed = join(second.directory, "dependencies", archive);
    await chmod(installed, 0o644);
    await truncate(installed, 1_000_000);
    expect(await second.cache.prepare(nextId, undefined, TIME)).toEqual({ archive, isThere: false });
  },
);

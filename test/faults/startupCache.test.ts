import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { appendFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { StartupCache } from "#rollout/startupCache/startupCache.ts";
import { freePort } from "../../harness/freePort.ts";
import { QUICK_START } from "../../harness/realFleet.ts";
import { until } from "../../harness/until.ts";
import { buildMarket } from "../../tools/buildMarket.ts";
import { localHost } from "../support/localHost.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

const { signal } = new AbortController();
const TIME = 1_700_000_000;

/** A host in a folder of its own, whose JVM ends with the test. */
async function newHost(name: string) {
  const directory = join(await temporaryDirectory(), name);
  const launch = { java: "java", jvmOptions: QUICK_START, arguments: [] };
  const host = localHost({ name, directory, port: await freePort() }, { launch, startupCache: true });
  onTestFinished(async () => void (await host.stop(0)));
  if (!host.startupCache) throw new Error("it has no startup cache");
  return { host, cache: host.startupCache, directory };
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
  return [...new Set(files.filter((file) => file.includes("/releases/")))];
}

async function archiveOf(cache: StartupCache, id: string): Promise<string> {
  const { archive } = (await cache.prepare(id, true, TIME)) ?? {};
  if (archive === undefined) throw new Error("there can be no archive of classes");
  return archive;
}

test("the first host's JVM records its classes, with which another host and the next start begin", {
  timeout: 240_000,
}, async () => {
  const jar = await identifyJar(await buildMarket({ version: "1.0.0" }));
  const id = releaseId(jar);
  const [first, second] = [await newHost("app-1"), await newHost("app-2-with-a-longer-name")];
  for (const { host } of [first, second]) {
    await host.preflight(signal);
    await host.stage(id, jar, signal);
    await host.switchTo(id);
  }
  const archive = await archiveOf(first.cache, id);
  expect(await first.cache.prepare(id, false, TIME + 5)).toEqual({ archive, isThere: false });

  const recording = await start(first.host);
  expect(await first.host.portOwner()).toEqual({ kind: "application", release: id });
  await first.cache.record(id, recording, archive);
  expect((await first.host.probe(signal)).up).toBe(true);
  expect(await first.cache.prepare(id, false, TIME + 5)).toEqual({ archive, isThere: true });
  expect((await first.host.logTail(200)).join("\n")).not.toMatch(/\[cds|Skipping/);
  expect(await first.host.stop(10)).toEqual({ killed: false });

  const classes = await first.cache.read(id, archive);
  // Later than the first one was unpacked.
  await second.cache.prepare(id, true, TIME + 60);
  await second.cache.install(id, archive, classes);
  const warm = await start(second.host);
  expect(classesOf(warm)).toEqual([join(second.directory, "releases", id, "startup", archive)]);
  expect(await second.host.runningApp()).toEqual({ pid: warm, release: id, launch: second.host.launch });
  expect(await second.host.portOwner()).toEqual({ kind: "application", release: id });
  expect(await second.host.stop(10)).toEqual({ killed: false });

  // Java does not look at all of it.
  const installed = join(second.directory, "releases", id, "startup", archive);
  execFileSync("chmod", ["u+w", installed]);
  await truncate(installed, 1_000_000);
  await appendFile(installed, "x");
  const damaged = await start(second.host);
  expect(classesOf(damaged)).toEqual([]);
  expect((await second.host.logTail(200)).join("\n")).not.toMatch(/\[cds/);
  await second.host.stop(10);
  expect(await second.cache.prepare(id, false, TIME)).toEqual({ archive, isThere: false });
});

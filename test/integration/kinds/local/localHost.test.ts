import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { LeaseLost } from "#rollout/lease/lease.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { until } from "../../../../harness/until.ts";
import { answerOf, hostOf, install, run, stopAll } from "../../../contract/appHost.ts";
import { runBeside, slotsOf } from "../../../contract/secondSlot.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { fakeJava } from "../../../support/fakeJava.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const { signal } = new AbortController();

/** A host with a fake java; what runs there is gone after the test. */
async function newHost({ address = "127.0.0.1", ...given }: Partial<Launch> & { address?: string } = {}) {
  const directory = join(await temporaryDirectory(), "app-1");
  const place = { kind: "local", name: "app-1", directory, address, port: await freePort(address) } as const;
  const machine = new LocalMachine();
  const parts = openLocalHost(place, machine);
  onTestFinished(async () => void (await parts.supervisor.stop(0)));
  const launch = { java: await fakeJava(), jvmOptions: [], arguments: [], ...given };
  return { place, opened: { parts, machine, directory, launch } };
}

async function java(script: string): Promise<string> {
  const path = join(await temporaryDirectory(), "java");
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

test("a host on IPv6 works like any other", async (context) => {
  skipWithoutIPv6(context, "::1");
  const { opened } = await newHost({ address: "::1" });
  const host = hostOf(opened);
  const release = await run(host, { version: "1.0.0" });
  expect(await host.portOwner()).toEqual({ kind: "application", release });
});

test("a start asks for the lease while it looks, each of which costs a round trip, and changes nothing before", async () => {
  const { opened } = await newHost();
  const host = hostOf(opened);
  await install(host, { version: "1.0.0" });
  const run = vi.spyOn(opened.machine, "run");
  const files = async () => (await readdir(opened.directory)).sort();
  const before = await files();
  let asked = 0;
  const lost = host.start(host.launch, async () => {
    // All that it looks at is asked for by now.
    await new Promise((resolve) => setTimeout(resolve, 50));
    asked = run.mock.calls.length;
    throw new LeaseLost("another");
  });
  await expect(lost).rejects.toThrow("another has taken over this fleet");
  expect({ asked, all: run.mock.calls.length }).toEqual({ asked: 2, all: 2 });
  expect(await files()).toEqual(before);
  expect(await host.runningApp()).toBeUndefined();
});

test("a Java that is a script is recognised too", async () => {
  const script = `#!/bin/sh
[ "$1" != -version ] || exit 0
trap 'exit 0' TERM
while :; do sleep 0.05; done
`;
  const { opened } = await newHost({ java: await java(script), jvmOptions: ["-Xmx1m"] });
  const host = hostOf(opened);
  const release = await install(host, { version: "1.0.0" });
  await host.start(host.launch);
  expect(await host.runningApp()).toMatchObject({ release, launch: host.launch });
  expect(await host.stop(10)).toEqual({ killed: false });
});

test("an application that is just becoming another program is recognised too", async () => {
  const script = `#!/bin/sh
[ "$1" != -version ] || exit 0
turns=\${turns:-0}
export turns=$((turns + 1))
[ $turns -gt 1500 ] || exec "$0" "$@"
while :; do sleep 0.05; done
`;
  const { opened } = await newHost({ java: await java(script) });
  const host = hostOf(opened);
  const release = await install(host, { version: "1.0.0" });
  await host.start(host.launch);
  for (let asked = 0; asked < 60; asked++) expect(await host.runningApp()).toMatchObject({ release });
});

test("an application whose first thread has ended is waited for as long as others hold its port", async (context) => {
  // A JVM that ends is like this for a moment.
  const exit = { x64: 60, arm64: 93 }[String(process.arch)];
  context.skip(exit === undefined, "the number of the system call is not known here");
  const script = `#!/usr/bin/env python3
import ctypes, os, signal, socket, sys, threading, time
if sys.argv[1] == "-version": sys.exit(0)
port = next(int(word.split("=")[1]) for word in sys.argv if word.startswith("--server.port="))
listener = socket.create_server(("127.0.0.1", port))
def end(*_):
    threading.Thread(target=lambda: (time.sleep(1), os._exit(0))).start()
    ctypes.CDLL(None).syscall(${exit}, 0)
signal.signal(signal.SIGTERM, end)
while True: signal.pause()
`;
  const hasPython = await new LocalMachine().run("python3 -c pass", []).then(
    () => true,
    () => false,
  );
  context.skip(!hasPython, "only python3 can end its first thread alone");
  const { opened, place } = await newHost({ java: await java(script) });
  const host = hostOf(opened);
  await install(host, { version: "1.0.0" });
  await host.start(host.launch);
  await until(async () => (await host.portOwner()).kind === "application", 10);
  expect(await host.stop(10)).toEqual({ killed: false });
  const [refused] = await once(connect(place.port, place.address), "error");
  expect(refused).toMatchObject({ code: "ECONNREFUSED" });
  await host.start(host.launch);
});

test("a port that its previous owner is about to free does not keep an application from starting", async () => {
  const { opened, place } = await newHost();
  const host = hostOf(opened);
  await install(host, { version: "1.0.0" });
  const last = createServer().listen(place.port, place.address);
  await once(last, "listening");
  setTimeout(() => last.close(), 300);
  await host.start(host.launch);
  await until(async () => (await host.portOwner()).kind === "application", 10);
});

test("a repair from another shell starts the application in the same way", async () => {
  const { opened, place } = await newHost();
  const host = hostOf(opened);
  await run(host, { version: "1.0.0" });
  const before = await answerOf(host);
  process.kill((await host.runningApp())?.pid ?? 0, "SIGKILL");
  await until(async () => (await host.runningApp()) === undefined, 10);
  const shell = {
    LANG: "de_DE.ISO-8859-1",
    LC_ALL: "C",
    TZ: "Asia/Tokyo",
    JAVA_HOME: "/nowhere",
    TMPDIR: "/",
  };
  for (const [name, value] of Object.entries({ ...shell, PATH: `/nowhere:${process.env.PATH}` }))
    vi.stubEnv(name, value);
  const umask = process.umask(0);
  onTestFinished(() => {
    process.umask(umask);
    vi.unstubAllEnvs();
  });
  const healer = hostOf({ ...opened, parts: openLocalHost(place, new LocalMachine()) });
  await healer.start(healer.launch);
  await until(async () => (await healer.probe(signal)).up, 10);
  expect(await answerOf(healer)).toEqual(before);
});

test("an application survives if the deployer's whole process group is killed", async () => {
  const { opened, place } = await newHost();
  const host = hostOf(opened);
  const release = await install(host, { version: "1.0.0" });
  await mkdir(opened.directory, { recursive: true });
  const root = join(import.meta.dirname, "../../../..");
  const deployer = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const { openLocalHost } = await import(${JSON.stringify(`${root}/kinds/local/openLocalHost.ts`)});
      const { supervisor, files } = openLocalHost(${JSON.stringify(place)});
      const revision = { release: ${JSON.stringify(release)}, launch: "0123456789ab" };
      const spec = { launch: ${JSON.stringify(opened.launch)}, environment: {} };
      await files.remember(revision.launch, spec, await supervisor.prepare(revision, spec));
      await supervisor.start(revision, spec);
      console.log("started"); setInterval(() => {}, 1000);`,
    ],
    { cwd: root, detached: true, stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(deployer.stdout, "data");
  process.kill(-(deployer.pid ?? 0), "SIGKILL");
  await once(deployer, "exit");
  await until(async () => (await host.probe(signal)).up, 10);
  expect(await host.runningApp()).toMatchObject({ release, launch: "0123456789ab" });
});

test("the last lines of a log are returned, all of a short one, none of an empty one", async () => {
  const { opened } = await newHost();
  const log = join(opened.directory, "logs", "app.log");
  const host = hostOf(opened);
  await mkdir(join(opened.directory, "logs"), { recursive: true });
  await writeFile(log, "");
  expect(await host.logTail(2)).toEqual([]);
  await writeFile(log, "one\ntwo\nthree\n");
  expect(await host.logTail(2)).toEqual(["two", "three"]);
  expect(await host.logTail(5)).toEqual(["one", "two", "three"]);
});

test("only the end of a huge log is read", async () => {
  const { opened } = await newHost();
  const log = join(opened.directory, "logs", "app.log");
  await mkdir(join(opened.directory, "logs"), { recursive: true });
  await writeFile(log, "");
  // Sparse: more than a text of JavaScript can hold.
  await truncate(log, 3 * 1024 ** 3);
  await appendFile(log, "\nwhy it ended\n");
  expect(await hostOf(opened).logTail(1)).toEqual(["why it ended"]);
});

test("an application that was left in a second slot which the host no longer has is stopped by the next roll", async () => {
  const { place, opened } = await newHost();
  const second = { address: place.address, port: await freePort() };
  const parts = openLocalHost({ ...place, second }, opened.machine);
  onTestFinished(() => stopAll(parts));
  const { host: before, second: slot } = slotsOf({ ...opened, parts });
  const release = await runBeside(before, slot, { version: "1.0.0" });
  const host = hostOf(opened);
  expect(await host.runningApp()).toMatchObject({ release });
  expect(await host.portOwner()).toEqual({ kind: "nobody" });
  expect(await host.probe(signal)).toMatchObject({ up: false });
  await host.preflight(signal);
  expect(await host.stop(5)).toEqual({ killed: false });
  expect(await host.runningApp()).toBeUndefined();
  expect(await slot.runningApp()).toBeUndefined();
  expect(await opened.machine.run('cd "$1"; ls start*; exit 0', [opened.directory])).toBe("");
  await host.start(host.launch);
  expect(await host.runningApp()).toMatchObject({ release });
});

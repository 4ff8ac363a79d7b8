import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { LocalAppHost, LocalAppHostOptions } from "#kinds/local/localAppHost.ts";
import type { LocalHostDescriptor } from "#kinds/local/localDescriptors.ts";
import { readProcess } from "#kinds/local/processTable.ts";
import { releaseId } from "#rollout/release/release.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { type Behaviour, fakeJar, fakeJava } from "../../../support/fakeJava.ts";
import { freePort } from "../../../support/freePort.ts";
import { localHost } from "../../../support/localHost.ts";
import { request } from "../../../support/request.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const { signal } = new AbortController();

interface Parts {
  readonly host: LocalAppHost;
  readonly directory: string;
  readonly port: number;
  readonly url: string;
  readonly java: string;
  /** The same host as another deployer opens it, with other options. */
  again(options: Partial<LocalAppHostOptions>): LocalAppHost;
}

/** A host with a fake java; what runs there is gone after the test. */
async function newHost(
  options: Partial<LocalAppHostOptions> = {},
  descriptor: Partial<LocalHostDescriptor> = {},
): Promise<Parts> {
  const directory = join(await temporaryDirectory(), "a host");
  const port = await freePort(descriptor.address);
  const java = await fakeJava();
  const again = (others: Partial<LocalAppHostOptions>) =>
    localHost(
      { directory, port, ...descriptor },
      { launch: { java, jvmOptions: [], arguments: [] }, ...options, ...others },
    );
  const host = again({});
  onTestFinished(async () => void (await host.stop(0)));
  return { host, directory, port, url: `http://127.0.0.1:${port}`, java, again };
}

/** Puts a release on the host and points `current` to it. */
async function install(host: LocalAppHost, behaviour: Behaviour): Promise<string> {
  const jar = await fakeJar(behaviour);
  const release = releaseId(jar);
  await host.preflight();
  await host.stage(release, jar);
  await host.switchTo(release);
  return release;
}

async function isUp(host: LocalAppHost): Promise<void> {
  await expect.poll(async () => (await host.probe(signal)).up, { timeout: 10_000, interval: 20 }).toBe(true);
}

/** Installs and starts a release, and waits until it is up. */
async function run(host: LocalAppHost, behaviour: Behaviour): Promise<{ release: string; pid: number }> {
  const release = await install(host, behaviour);
  await host.start(host.launch);
  await isUp(host);
  const { running } = await host.observe();
  return { release, pid: running?.pid ?? 0 };
}

describe("what a host says of itself", () => {
  test("is nothing before anything was done", async () => {
    const { host } = await newHost();
    expect(await host.observe()).toEqual({ releases: [] });
    expect(await host.portOwner()).toEqual({ kind: "nobody" });
    expect(await host.probe(signal)).toMatchObject({ up: false });
  });

  test("is read from the machine: the process, its release, how it was started", async () => {
    const { host } = await newHost();
    const { release, pid } = await run(host, { version: "1.0.0" });
    expect(await host.observe()).toEqual({
      running: { pid, release, launch: host.launch },
      current: release,
      releases: [release],
    });
    expect((await readProcess(pid))?.argv).toContain("-jar");
    expect(await host.portOwner()).toEqual({ kind: "application", release });
  });

  test("is true of a war, which runs out of a file that is named as one", async () => {
    const { host, url } = await newHost();
    const { release, pid } = await run(host, { version: "1.0.0", ending: "war" });
    expect(await host.observe()).toMatchObject({ running: { pid, release }, releases: [release] });
    const { args } = Object(await (await fetch(url)).json());
    expect(args[args.indexOf("-jar") + 1]).toMatch(/\/app\.war$/);
    await host.stage(release, undefined);
  });

  test("is the release that runs, not the one that `current` points to", async () => {
    const { host } = await newHost();
    const { release: one } = await run(host, { version: "1.0.0" });
    const two = await install(host, { version: "2.0.0" });
    expect(await host.observe()).toMatchObject({ running: { release: one }, current: two });
  });

  test("is true of java that is a script, too", async () => {
    const java = join(await temporaryDirectory(), "java");
    await writeFile(java, "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n");
    await chmod(java, 0o755);
    const { host } = await newHost({ launch: { java, jvmOptions: ["-Xmx1m"], arguments: [] } });
    const release = await install(host, { version: "1.0.0" });
    await host.start(host.launch);
    expect((await host.observe()).running).toMatchObject({ release, launch: host.launch });
    expect(await host.stop(10)).toEqual({ killed: false });
  });

  test("is not about the process of another host", async () => {
    const [one, two] = [await newHost(), await newHost()];
    const { pid } = await run(one.host, { version: "1.0.0" });
    await run(two.host, { version: "1.0.0" });
    await two.host.stop(10);
    expect((await two.host.observe()).running).toBeUndefined();
    expect((await one.host.observe()).running?.pid).toBe(pid);
  });

  test("is that nobody runs once the process has ended", async () => {
    const { host } = await newHost();
    const release = await install(host, { version: "1.0.0", exits: 1 });
    await host.start(host.launch);
    await expect.poll(async () => (await host.observe()).running, { timeout: 10_000 }).toBeUndefined();
    expect((await host.observe()).current).toBe(release);
  });
});

describe("how a host starts the application", () => {
  test("has a fingerprint that is the same for the same options, and tells nothing of a secret", async () => {
    const { host, again } = await newHost({ environment: { PASSWORD: "hunter2" } });
    expect(host.launch).toMatch(/^[0-9a-f]{12}$/);
    expect(again({}).launch).toBe(host.launch);
  });

  test("has another fingerprint when an option, an argument, the environment or the port changes", async () => {
    const port = await freePort();
    const launch = { java: "java", jvmOptions: ["-Xmx1g"], arguments: ["--a=b"] };
    const fingerprints = [
      localHost({ port }, { launch }),
      localHost({ port }, { launch: { ...launch, jvmOptions: ["-Xmx2g"] } }),
      localHost({ port }, { launch: { ...launch, arguments: ["--a=c"] } }),
      localHost({ port }, { launch: { ...launch, java: "/opt/java" } }),
      localHost({ port }, { launch, environment: { A: "1" } }),
      localHost({ port }, { launch, environment: { A: "2" } }),
      localHost({ port: port + 1 }, { launch }),
      localHost({ port, address: "127.0.0.2" }, { launch }),
    ].map((host) => host.launch);
    expect(new Set(fingerprints).size).toBe(fingerprints.length);
  });

  test("does not depend on the health endpoint or on the order of variables", async () => {
    const { host, again } = await newHost({ environment: { A: "1", B: "2" } });
    const { launch } = again({
      environment: { B: "2", A: "1" },
      health: { path: "/", passes: 9, intervalMilliseconds: 10, timeoutMilliseconds: 10, deadlineSeconds: 1 },
    });
    expect(launch).toBe(host.launch);
  });

  test("is with its options, its port, its address and its arguments, in its own directory", async () => {
    const { host, directory, port, url, again, java } = await newHost();
    const other = again({ launch: { java, jvmOptions: ["-Xmx1g", "-Da=b c"], arguments: ["--debug"] } });
    const { release } = await run(other, { version: "1.0.0" });
    expect(JSON.parse((await request(`${url}/`)).body)).toMatchObject({
      version: "1.0.0",
      directory,
      args: [
        "-Xmx1g",
        "-Da=b c",
        "-jar",
        join(directory, "releases", release, "app.jar"),
        `--server.port=${port}`,
        "--server.address=127.0.0.1",
        "--debug",
      ],
    });
    expect((await host.observe()).running?.launch).toBe(other.launch);
    expect(other.launch).not.toBe(host.launch);
  });

  test("is with its environment, and of the deployer's own with what every JVM needs only", async () => {
    vi.stubEnv("DEPLOYER_TOKEN", "do not pass on");
    vi.stubEnv("TZ", "Europe/Berlin");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { host, url } = await newHost({ environment: { PASSWORD: "hunter2", PATH: "/from/settings" } });
    const { pid } = await run(host, { version: "1.0.0" });
    const { environment } = JSON.parse((await request(`${url}/`)).body);
    expect(environment).toMatchObject({
      PASSWORD: "hunter2",
      PATH: "/from/settings",
      TZ: "Europe/Berlin",
      ROLLGATE_HOST: "app-1",
    });
    expect(environment).not.toHaveProperty("DEPLOYER_TOKEN");
    expect((await readProcess(pid))?.argv.join(" ")).not.toContain("hunter2");
  });

  test("keeps what is secret of it from everybody else on the machine", async () => {
    const { host, directory } = await newHost({ environment: { PASSWORD: "hunter2" } });
    await run(host, { version: "1.0.0" });
    expect((await stat(join(directory, "launches"))).mode & 0o077).toBe(0);
    expect((await stat(join(directory, "logs", "app.log"))).mode & 0o007).toBe(0);
  });

  test("can be how an earlier deployer started it", async () => {
    const { host: before, again, url } = await newHost({ environment: { GREETING: "old" } });
    await run(before, { version: "1.0.0" });
    const after = again({ environment: { GREETING: "new" } });
    await after.stop(10);
    await after.start(before.launch);
    await isUp(after);
    expect(JSON.parse((await request(`${url}/`)).body).environment).toMatchObject({ GREETING: "old" });
    expect((await after.observe()).running?.launch).toBe(before.launch);
  });

  test("is not guessed where the fingerprint is not known", async () => {
    const { host } = await newHost();
    await install(host, { version: "1.0.0" });
    await expect(host.start("000000000000")).rejects.toThrow(
      "app-1 no longer knows how it was started before",
    );
    expect((await host.observe()).running).toBeUndefined();
  });

  test("works on IPv6", async (context) => {
    skipWithoutIPv6(context, "::1");
    const { host } = await newHost({}, { address: "::1" });
    const { release } = await run(host, { version: "1.0.0" });
    expect(await host.portOwner()).toEqual({ kind: "application", release });
  });

  test("outlives a deployer that is killed with everything that it started", async () => {
    const { host, directory, port, java } = await newHost();
    const release = await install(host, { version: "1.0.0" });
    const module = join(import.meta.dirname, "../../../../kinds/local/localAppHost.ts");
    const options = {
      launch: { java, jvmOptions: [], arguments: [] },
      environment: {},
      health: { path: "/", passes: 1, intervalMilliseconds: 10, timeoutMilliseconds: 10, deadlineSeconds: 1 },
    };
    const descriptor = { kind: "local", name: "app-1", directory, address: "127.0.0.1", port };
    const script = `const { LocalAppHost } = await import(${JSON.stringify(module)});
      const host = new LocalAppHost(${JSON.stringify(descriptor)}, ${JSON.stringify(options)});
      await host.start(host.launch); console.log("started"); setInterval(() => {}, 1000);`;
    const deployer = spawn(process.execPath, ["--input-type=module", "-e", script], {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(deployer.stdout, "data");
    process.kill(-(deployer.pid ?? 0), "SIGKILL");
    await once(deployer, "exit");
    await isUp(host);
    expect((await host.observe()).running?.release).toBe(release);
  });
});

describe("what a host refuses to start", () => {
  test("is an application on a port that is taken; who took it is named", async () => {
    const { host, port } = await newHost();
    await install(host, { version: "1.0.0" });
    const { pid } = await startNode(listenOn(port));
    const line = new RegExp(`^port ${port} of app-1 is taken by pid ${pid} \\(${process.execPath} .*\\)$`);
    await expect(host.preflight()).rejects.toThrow(line);
    await expect(host.start(host.launch)).rejects.toThrow(line);
    expect(await host.portOwner()).toEqual({
      kind: "other",
      name: expect.stringMatching(`^pid ${pid} \\(`),
    });
    expect((await host.observe()).running).toBeUndefined();
  });

  test("is an application beside one that still runs", async () => {
    const { host, port } = await newHost();
    const { pid, release } = await run(host, { version: "1.0.0" });
    await expect(host.preflight()).resolves.toBeUndefined();
    await expect(host.start(host.launch)).rejects.toThrow(
      `port ${port} of app-1 is taken by ${release}, which still runs`,
    );
    expect((await host.observe()).running?.pid).toBe(pid);
  });

  test("is nothing at all, when no release is current", async () => {
    const { host } = await newHost();
    await expect(host.start(host.launch)).rejects.toThrow("app-1 has no current release");
  });

  test("is anything without java", async () => {
    const { host } = await newHost({ launch: { java: "/nowhere/java", jvmOptions: [], arguments: [] } });
    await expect(host.preflight()).rejects.toThrow(
      expect.objectContaining({
        code: "java-missing",
        message: "java: expected a Java runtime, found no executable /nowhere/java",
      }),
    );
  });

  test("is anything in a directory that cannot be made, in one line", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    const { host } = await newHost({}, { directory: join(file, "app-1") });
    await expect(host.preflight()).rejects.toThrow(
      expect.objectContaining({ name: "RollgateError", message: expect.stringContaining("app-1") }),
    );
  });
});

describe("stopping", () => {
  test("asks first, and does not kill what listens", async () => {
    const { host } = await newHost();
    await run(host, { version: "1.0.0" });
    expect(await host.stop(10)).toEqual({ killed: false });
    expect((await host.observe()).running).toBeUndefined();
    expect(await host.portOwner()).toEqual({ kind: "nobody" });
    expect(await host.logTail(1)).toEqual(["1.0.0 was asked to stop"]);
  });

  test("kills what does not listen, after the grace and not before", async () => {
    const { host } = await newHost();
    await run(host, { version: "1.0.0", ignoresSigterm: true });
    const began = performance.now();
    expect(await host.stop(0.3)).toEqual({ killed: true });
    expect(performance.now() - began).toBeGreaterThanOrEqual(250);
    expect((await host.observe()).running).toBeUndefined();
    expect(await host.logTail(1)).toEqual(["1.0.0 was asked to stop"]);
  });

  test("of a host where nothing runs is done", async () => {
    const { host } = await newHost();
    expect(await host.stop(10)).toEqual({ killed: false });
  });

  test("leaves alone who else is on the port", async () => {
    const { host, port } = await newHost();
    const { pid } = await startNode(listenOn(port));
    await host.stop(0);
    expect(await readProcess(pid)).toBeDefined();
  });
});

describe("the log", () => {
  test("is what the application writes to both of its outputs", async () => {
    const { host, directory } = await newHost();
    await install(host, { version: "1.0.0", exits: 1 });
    await host.start(host.launch);
    await expect
      .poll(() => host.logTail(10), { timeout: 10_000 })
      .toEqual(["1.0.0 starts", "Error: this application cannot start"]);
    expect(await host.logTail(1)).toEqual(["Error: this application cannot start"]);
    expect(await readFile(join(directory, "logs", "app.log"), "utf8")).toMatch(/^1\.0\.0 starts\n/);
  });

  test("begins anew with every start, and the one before is kept", async () => {
    const { host, directory } = await newHost();
    await run(host, { version: "1.0.0" });
    await host.stop(10);
    await run(host, { version: "2.0.0" });
    expect(await host.logTail(10)).toEqual(["2.0.0 starts"]);
    const earlier = await readFile(join(directory, "logs", "app.log.1"), "utf8");
    expect(earlier).toBe("1.0.0 starts\n1.0.0 was asked to stop\n");
  });

  test("that does not exist, or is empty, has no lines", async () => {
    const { host, directory } = await newHost();
    expect(await host.logTail(10)).toEqual([]);
    await mkdir(join(directory, "logs"), { recursive: true });
    await writeFile(join(directory, "logs", "app.log"), "");
    expect(await host.logTail(10)).toEqual([]);
  });
});

describe("health", () => {
  test("is what the application itself says", async () => {
    const { host } = await newHost();
    await install(host, { version: "1.0.0", health: "DOWN" });
    await host.start(host.launch);
    await expect
      .poll(() => host.probe(signal), { timeout: 10_000 })
      .toEqual({ up: false, detail: '503 DOWN {"status":"DOWN"}' });
  });
});

describe("releases", () => {
  test("that are to be there already are refused by name when they are not, or not whole", async () => {
    const { host, directory } = await newHost();
    const release = await install(host, { version: "1.0.0" });
    await expect(host.stage(release, undefined)).resolves.toBeUndefined();
    await expect(host.stage("2.0.0-0123456789ab", undefined)).rejects.toThrow(
      "app-1 does not keep a whole release 2.0.0-0123456789ab",
    );
    const jar = join(directory, "releases", release, "app.jar");
    await chmod(jar, 0o644);
    await writeFile(jar, "damaged");
    await expect(host.stage(release, undefined)).rejects.toThrow(`does not keep a whole release ${release}`);
  });

  test("that could not be staged name the host", async () => {
    const { host, directory } = await newHost();
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "releases"), "a file in the way");
    const jar = await fakeJar({ version: "1.0.0" });
    await expect(host.stage(releaseId(jar), jar)).rejects.toThrow(
      expect.objectContaining({ name: "RollgateError", message: expect.stringContaining("app-1") }),
    );
  });

  test("that were good, or are to be spared, stay with how they were started; of the others as many as asked", async () => {
    const { host, again, directory } = await newHost();
    const releases: string[] = [];
    for (const version of ["1", "2", "3", "4", "5"]) releases.push(await install(host, { version }));
    const [good = "", spared = "", , , current = ""] = releases;
    for (const [age, release] of releases.entries()) {
      await utimes(join(directory, "releases", release), 1000 + age, 1000 + age);
    }
    await host.markGood({ release: good, launch: host.launch });
    expect((await host.observe()).good).toEqual({ release: good, launch: host.launch });
    await host.prune(2, [{ release: spared, launch: again({ environment: { A: "1" } }).launch }]);
    expect((await host.observe()).releases).toEqual([good, spared, current].sort());
  });

  test("are as many as asked for, however many reasons there are to keep one of them", async () => {
    const { host } = await newHost();
    const { release: one } = await run(host, { version: "1" });
    await host.markGood({ release: one, launch: host.launch });
    for (const version of ["2", "3", "4", "5"]) {
      const jar = await fakeJar({ version });
      await host.stage(releaseId(jar), jar);
    }
    await host.prune(2, [{ release: one, launch: host.launch }]);
    expect((await host.observe()).releases).toHaveLength(2);
    expect((await host.observe()).releases).toContain(one);
  });
});

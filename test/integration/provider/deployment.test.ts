import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { News } from "#kinds/change.ts";
import { withJava } from "#kinds/local/withJava.ts";
import { UNKNOWN } from "#provider/crud.ts";
import { check, create, diff, read } from "#provider/deployment.ts";
import { releaseId } from "#rollout/release/release.ts";
import { listProcesses } from "../../../harness/processTable.ts";
import { request } from "../../../harness/request.ts";
import { fakeJar, fakeJava } from "../../support/fakeJava.ts";
import { inputsFor, newFleet, versionServed } from "../../support/localDeployment.ts";
import { localHost } from "../../support/localHost.ts";
import { validRequest, withValue } from "../../support/rollRequest.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  return () => vi.restoreAllMocks();
});

/** What the resource puts out once all hosts run the release. */
async function deploy(inputs: News) {
  return (await create(inputs)).outs;
}

/** What the program gives, without the jar. */
function given() {
  const { jar: _, release: __, ...rest } = validRequest();
  return rest;
}

describe("check", () => {
  test("identifies the jar and shows the next release of every host", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const release = releaseId(jar);
    expect(
      await check({ olds: {}, news: { ...given(), jar: { path: jar.path }, __provider: "code" } }),
    ).toEqual({
      inputs: {
        ...given(),
        launch: withJava(given().launch),
        jar,
        release,
        rollingOrder: [`app-1: ${release}`, `app-2: ${release}`, `app-3: ${release}`],
      },
    });
  });

  test("keeps the Java found on this machine, and shows if the setting changes", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const [java, release] = [await fakeJava(), releaseId(jar)];
    const news = { ...given(), jar: { path: jar.path } };
    vi.stubEnv("PATH", dirname(java));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { inputs: olds = {} } = await check({ olds: {}, news });
    expect(olds).toMatchObject({ launch: { java } });
    vi.stubEnv("PATH", dirname(await fakeJava()));
    expect((await check({ olds, news })).inputs).toEqual(olds);
    const other = { ...news, launch: { ...news.launch, java: "/opt/java" } };
    expect((await check({ olds, news: other })).inputs).toMatchObject({
      launch: { java: "/opt/java" },
      rollingOrder: expect.arrayContaining([`app-1: ${release}, restarted`]),
    });
  });

  test("trusts an identified jar and does not read it again", async () => {
    const jar = { path: "/nowhere/app.jar", version: "1.1.0", sha256: "b".repeat(64) };
    const { inputs } = await check({ olds: {}, news: { ...given(), jar } });
    expect(inputs).toMatchObject({ jar, release: `1.1.0-${"b".repeat(12)}` });
    expect(await check({ olds: {}, news: { ...given(), jar: { ...jar, sha256: "b" } } })).toMatchObject({
      failures: [{ property: "jar.sha256" }],
    });
  });

  test("shows that a release is restarted if its options change", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const news = { ...given(), jar: { path: jar.path } };
    const { inputs: olds = {} } = await check({ olds: {}, news });
    const release = releaseId(jar);
    expect((await check({ olds, news })).inputs).toEqual(olds);
    expect(
      (await check({ olds, news: { ...news, environment: { DATABASE_URL: "other" } } })).inputs,
    ).toMatchObject({
      rollingOrder: [
        `app-1: ${release}, restarted`,
        `app-2: ${release}, restarted`,
        `app-3: ${release}, restarted`,
      ],
    });
  });

  test("shows the hosts in rolling order: first new ones and those that were not serving", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const release = releaseId(jar);
    const olds = { rollingOrder: ["app-3: 1.0.0-aaaaaaaaaaaa, not running", "app-1: 1.0.0-aaaaaaaaaaaa"] };
    expect((await check({ olds, news: { ...given(), jar: { path: jar.path } } })).inputs).toMatchObject({
      rollingOrder: [`app-2: ${release}`, `app-3: ${release}`, `app-1: ${release}`],
    });
  });

  test("shows that only a host whose own options change is restarted, and none if a host is added", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const [one, two, three] = given().hosts;
    const news = { ...given(), hosts: [one, two], minimumHealthy: 1, jar: { path: jar.path } };
    const { inputs: olds = {} } = await check({ olds: {}, news });
    const release = releaseId(jar);
    expect(
      (await check({ olds, news: { ...news, hostEnvironment: { "app-2": { A: "1" } } } })).inputs,
    ).toMatchObject({
      rollingOrder: [`app-1: ${release}`, `app-2: ${release}, restarted`],
    });
    expect((await check({ olds, news: { ...news, hosts: [one, two, three] } })).inputs).toMatchObject({
      rollingOrder: [`app-3: ${release}`, `app-1: ${release}`, `app-2: ${release}`],
    });
  });

  test("passes on what is known only during the update", async () => {
    const news = { ...given(), proxies: UNKNOWN };
    // Its jar is not identified yet, so neither is what would roll.
    expect(await check({ olds: {}, news })).toEqual({ inputs: { ...news, rollingOrder: UNKNOWN } });
  });

  test("names all problems, each with its path", async () => {
    const jar = await fakeJar({ version: "1.1.0" });
    const news = withValue(withValue(given(), "hosts[2].port", 70_000), "keepReleases", 1);
    expect(await check({ olds: {}, news: { ...news, jar: { path: jar.path } } })).toEqual({
      failures: [
        { property: "hosts[2].port", reason: "expected 1–65535, got 70000. Nothing was changed." },
        { property: "keepReleases", reason: "expected 2–100, got 1. Nothing was changed." },
      ],
    });
  });

  test("prefers a given version to the jar's own, and validates it", async () => {
    const { path } = await fakeJar({ version: "1.1.0" });
    expect(await check({ olds: {}, news: { ...given(), jar: { path, version: "9.0" } } })).toMatchObject({
      inputs: { release: expect.stringMatching(/^9\.0-/), jar: { version: "9.0" } },
    });
    expect(await check({ olds: {}, news: { ...given(), jar: { path, version: "9/0" } } })).toEqual({
      failures: [
        {
          property: "jar.version",
          reason: 'expected a version of letters, digits and . _ + -, got "9/0". Nothing was changed.',
        },
      ],
    });
  });

  test("rejects a jar that could not run", async () => {
    expect(await check({ olds: {}, news: { ...given(), jar: { path: "/nowhere/app.jar" } } })).toEqual({
      failures: [
        { property: "jar", reason: "expected a jar, found no file: /nowhere/app.jar. Nothing was changed." },
      ],
    });
  });

  test("rejects a release that no host keeps", async () => {
    const directory = await temporaryDirectory();
    const hosts = given().hosts.map((host) => ({ ...host, directory: join(directory, host.name) }));
    expect(await check({ olds: {}, news: { ...given(), hosts, release: "0.9.0" } })).toEqual({
      failures: [
        {
          property: "release",
          reason: "expected a release that every host keeps (there is none), got 0.9.0. Nothing was changed.",
        },
      ],
    });
  });
});

describe("diff", () => {
  const news = { ...given(), rollingOrder: ["app-1: 1.1.0-bbbbbbbbbbbb"] };

  test("is empty when every host runs what it should", async () => {
    expect(
      await diff({
        olds: { ...news, __provider: "old", durationSeconds: 3 },
        news: { ...news, __provider: "new" },
      }),
    ).toEqual({
      changes: false,
    });
  });

  test.each([
    ["rollingOrder", ["app-1: 1.0.0-aaaaaaaaaaaa"]],
    ["hosts[0].port", 9],
    ["proxies[0].port", 9],
    ["launch.jvmOptions[0]", "-Xmx1g"],
    ["environment.DATABASE_URL", "other"],
    ["hostEnvironment", { "app-1": { A: "1" } }],
    ["hostLaunch", { "app-1": { arguments: ["--debug"] } }],
  ])("shows a change of %s as a roll", async (path, value) => {
    expect(await diff({ olds: news, news: withValue(news, path, value) })).toEqual({ changes: true });
  });

  test.each([
    ["timing.soakSeconds", 9],
    ["health.deadlineSeconds", 9],
    ["minimumHealthy", 0],
    ["keepReleases", 9],
    ["onFailure", "halt"],
    ["warmUp", { paths: ["/"], requests: 1, seconds: 1 }],
    ["hooks", { afterRoll: [{ command: "true", where: "deployer", deadlineSeconds: 1 }] }],
  ])("does not show a change of %s, which only matters in the next roll", async (path, value) => {
    expect(await diff({ olds: news, news: withValue(news, path, value) })).toEqual({ changes: false });
  });
});

describe("a deployment", () => {
  test("returns the service's URL, what every host runs, how long the roll took, and what clients got", async () => {
    const { request, url } = await newFleet();
    const { inputs, release } = await inputsFor(request, { version: "1.0.0" });
    const outputs = await deploy(inputs);
    expect(outputs).toEqual({
      ...inputs,
      url,
      releases: { "app-1": release, "app-2": release },
      rollingOrder: [`app-1: ${release}`, `app-2: ${release}`],
      durationSeconds: expect.any(Number),
      ledger: { requests: 0, lost: 0, errors: 0, cut: 0, retries: 0 },
      report: null,
      history: null,
    });
    expect(await diff({ olds: outputs, news: inputs })).toEqual({ changes: false });
    expect(await versionServed(url)).toBe("1.0.0");
    expect(printed.find((line) => line.includes("app-2"))).toMatch(
      /^\[ +\d+\.\d s\] app-2 +drain +no new requests$/,
    );
  });

  test("starts a host with its own arguments and variables, starts no other host, and prints no values", async () => {
    const { request, hosts } = await newFleet();
    const own = {
      hostLaunch: { "app-2": { arguments: ["--own=yes"] } },
      hostEnvironment: { "app-2": { PASSWORD: "this application" } },
    };
    await deploy((await inputsFor({ ...request, ...own }, { version: "1.0.0" })).inputs);
    const [one, two] = await Promise.all(
      hosts.map(async ({ directory }) =>
        (await listProcesses()).find(({ argv }) => argv.some((argument) => argument.startsWith(directory))),
      ),
    );
    expect([one?.argv.includes("--own=yes"), two?.argv.includes("--own=yes")]).toEqual([false, true]);
    const variables = await Promise.all(
      [one, two].map((entry) => readFile(`/proc/${entry?.pid}/environ`, "utf8")),
    );
    expect(variables.map((text) => text.includes("PASSWORD=this application"))).toEqual([false, true]);
    const bad = await inputsFor({ ...request, ...own }, { version: "2.0.0", exits: 1 });
    const error: unknown = await deploy(bad.inputs).catch((thrown: unknown) => thrown);
    expect(Object(error).reasons[0]).toContain("    Error: [secret] cannot start\n");
  });

  test("asks for health on the management port, which clients never reach", async () => {
    const { request: asked, hosts, url } = await newFleet({}, { ownHealthPorts: true });
    const hostLaunch = Object.fromEntries(
      hosts.map(({ name, healthPort }) => [name, { arguments: [`--management.server.port=${healthPort}`] }]),
    );
    const { inputs, release } = await inputsFor({ ...asked, hostLaunch }, { version: "1.0.0" });
    expect(await deploy(inputs)).toMatchObject({ releases: { "app-1": release, "app-2": release } });
    expect(await versionServed(url)).toBe("1.0.0");
    const { status, body } = await request(`${url}/actuator/health`);
    expect([status, JSON.parse(body).version]).toEqual([200, "1.0.0"]);
  });

  test("is read as it is: an ended process is drift that the next update repairs", async () => {
    const { request, hosts, url } = await newFleet();
    const { inputs, release } = await inputsFor(request, { version: "1.0.0" });
    const outputs = await deploy(inputs);
    const same = await read("id", outputs);
    expect(same.id).toBe("id");
    expect(same.inputs).toEqual(inputs);
    expect(await diff({ olds: same.props, news: inputs })).toEqual({ changes: false });

    for (const host of hosts.slice(1)) await localHost(host).stop(10);
    const drifted = await read("id", outputs);
    expect(drifted.props).toMatchObject({
      releases: { "app-1": release, "app-2": `${release}, not running` },
      rollingOrder: [`app-2: ${release}, not running`, `app-1: ${release}`],
    });
    expect(await diff({ olds: drifted.props, news: inputs })).toEqual({ changes: true });
    expect(await deploy(inputs)).toMatchObject({ releases: { "app-1": release, "app-2": release } });
    expect(await versionServed(url)).toBe("1.0.0");
  });

  test("is read, too, if it was recorded before order and batch were settings", async () => {
    const { request } = await newFleet();
    const { inputs, release } = await inputsFor(request, { version: "1.0.0" });
    const { order: _, batch: __, ...recorded } = await deploy(inputs);
    const found = await read("id", recorded);
    expect(found.props).toMatchObject({ releases: { "app-1": release, "app-2": release } });
    expect(found.inputs).toEqual({ ...inputs, order: "stop-first", batch: [1] });
  });

  test("that fails tells Pulumi what every host really runs, why it failed and what to do next, without secrets", async () => {
    const secret = "this application";
    const { request, url } = await newFleet({ PASSWORD: secret });
    const good = await inputsFor(request, { version: "1.0.0" });
    await deploy(good.inputs);
    const bad = await inputsFor(request, { version: "2.0.0", exits: 1 });
    const error: unknown = await deploy(bad.inputs).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      id: "rolling-deployment",
      message: expect.stringMatching(
        new RegExp(
          `^app-1 failed its health gate on ${bad.release}: the process ended by itself; .*app-1 is back on ${good.release}; app-2 was not touched\\.`,
        ),
      ),
      properties: {
        ...bad.inputs,
        url,
        releases: { "app-1": good.release, "app-2": good.release },
        rollingOrder: [`app-1: ${good.release}`, `app-2: ${good.release}`],
      },
    });
    const { properties, reasons } = Object(error);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain("    Error: [secret] cannot start\n");
    expect(reasons[0]).toContain(
      "Next: see the lines above for the reason, then run `pulumi up` again with a release, options and environment that start.",
    );
    expect(printed.join("\n")).not.toContain(secret);
    expect(await diff({ olds: properties, news: bad.inputs })).toEqual({ changes: true });
    expect(await versionServed(url)).toBe("1.0.0");
  });

  test("goes back to a release by name, without its jar", async () => {
    const { request, hosts, url } = await newFleet();
    const first = await inputsFor(request, { version: "1.0.0" });
    await deploy(first.inputs);
    await deploy((await inputsFor(request, { version: "2.0.0" })).inputs);
    expect(await versionServed(url)).toBe("2.0.0");
    const { inputs = {} } = await check({ olds: {}, news: { ...request, release: "1.0.0" } });
    expect(inputs).toMatchObject({ release: first.release });
    expect(inputs).not.toHaveProperty("jar");
    expect(await deploy(inputs)).toMatchObject({
      releases: { "app-1": first.release, "app-2": first.release },
    });
    expect(await versionServed(url)).toBe("1.0.0");
    const log = await readFile(join(hosts[0]?.directory ?? "", "logs", "app.log"), "utf8");
    expect(log).toBe("1.0.0 starts\n");
  });
});

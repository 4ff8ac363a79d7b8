import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { readSettings, type Settings } from "../settings.ts";
import { configure, known, mockPulumi } from "./support/pulumi.ts";
import { temporaryDirectory } from "./support/temporaryDirectory.ts";
import { MANIFEST, writeJar, zip } from "./support/zip.ts";

let directory: string;
let jar: string;

beforeEach(async () => {
  await mockPulumi();
  vi.spyOn(console, "warn").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

async function read(settings: Readonly<Record<string, unknown>>): Promise<Settings> {
  directory = await temporaryDirectory();
  jar = await writeJar(join(directory, "app.jar"), "1.2.3");
  await configure({ jar, ...settings });
  return readSettings();
}

async function refusal(settings: Readonly<Record<string, unknown>>): Promise<string> {
  const error = await read(settings).catch((thrown: unknown) => thrown);
  // Pulumi prints the message of a RunError as it is, without a stack trace.
  if (!pulumi.RunError.isInstance(error)) throw new Error(`expected a RunError, got ${String(error)}`);
  return error.message;
}

const twoHosts = [
  { name: "app-1", port: 8081 },
  { name: "app-2", port: 8082 },
];

describe("what is read", () => {
  test("with nothing but a jar, everything is as Pulumi.yaml says", async () => {
    const { rollout, nginx } = await read({});
    const root = resolve(".rollgate/test");
    const { environment, ...plain } = rollout;
    expect(plain).toEqual({
      release: expect.stringMatching(/^1\.2\.3-[0-9a-f]{12}$/),
      jar: { path: jar, version: "1.2.3", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      hosts: [
        { kind: "local", name: "app-1", address: "127.0.0.1", port: 8081, directory: `${root}/hosts/app-1` },
        { kind: "local", name: "app-2", address: "127.0.0.1", port: 8082, directory: `${root}/hosts/app-2` },
      ],
      proxy: { kind: "local", directory: `${root}/nginx`, address: "127.0.0.1", port: 8080 },
      launch: { java: "java", jvmOptions: [], arguments: [] },
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 100,
        timeoutMilliseconds: 2000,
        deadlineSeconds: 60,
      },
      timing: {
        settleSeconds: 30,
        slowestRequestSeconds: 30,
        graceSeconds: 35,
        shutdownPhaseSeconds: 30,
        soakSeconds: 5,
        rollDeadlineSeconds: 3600,
        leaseWaitSeconds: 0,
      },
      minimumHealthy: 1,
      keepReleases: 3,
      onFailure: "rollback",
    });
    expect(await known(environment)).toEqual({});
    expect(nginx).toEqual({
      kind: "local",
      directory: `${root}/nginx`,
      address: "127.0.0.1",
      port: 8080,
      executable: "nginx",
      flavour: "auto",
      hosts: [
        { name: "app-1", address: "127.0.0.1", port: 8081 },
        { name: "app-2", address: "127.0.0.1", port: 8082 },
      ],
      healthPath: "/actuator/health",
      slowestRequestSeconds: 30,
      settleSeconds: 30,
      leaseWaitSeconds: 0,
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      statusAllow: [],
    });
    expect(console.warn).not.toHaveBeenCalled();
  });

  test("every setting reaches the part that it is for", async () => {
    const { rollout, nginx } = await read({
      hosts: [
        { name: "b", port: 9001, address: "::1" },
        { name: "a", port: 9002, address: "10.0.0.2" },
        { name: "c", port: 9003 },
      ],
      directory: "some/where",
      java: "/opt/java/bin/java",
      jvmOptions: ["-Xmx1g"],
      arguments: ["--debug"],
      nginx: "/opt/nginx",
      nginxFlavour: "check-module",
      nginxAddress: "0.0.0.0",
      nginxPort: 9000,
      statusAllow: ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "2001:db8::1"],
      checkIntervalMilliseconds: 3000,
      checkRise: 4,
      checkFall: 5,
      checkTimeoutMilliseconds: 600,
      checkExpect: [200, "3xx"],
      healthPath: "/ready",
      healthPasses: 7,
      healthIntervalMilliseconds: 80,
      healthTimeoutMilliseconds: 90,
      healthDeadlineSeconds: 100,
      settleSeconds: 11,
      slowestRequestSeconds: 10,
      graceSeconds: 13,
      shutdownPhaseSeconds: 12,
      soakSeconds: 14,
      rollDeadlineSeconds: 15,
      leaseWaitSeconds: 16,
      minimumHealthy: 1,
      keepReleases: 17,
      onFailure: "halt",
    });
    expect(rollout).toMatchObject({
      hosts: [
        { name: "b", address: "::1", port: 9001, directory: resolve("some/where/hosts/b") },
        { name: "a", address: "10.0.0.2", port: 9002 },
        { name: "c", address: "127.0.0.1", port: 9003 },
      ],
      launch: { java: "/opt/java/bin/java", jvmOptions: ["-Xmx1g"], arguments: ["--debug"] },
      health: {
        path: "/ready",
        passes: 7,
        intervalMilliseconds: 80,
        timeoutMilliseconds: 90,
        deadlineSeconds: 100,
      },
      timing: {
        settleSeconds: 11,
        slowestRequestSeconds: 10,
        graceSeconds: 13,
        shutdownPhaseSeconds: 12,
        soakSeconds: 14,
        rollDeadlineSeconds: 15,
        leaseWaitSeconds: 16,
      },
      minimumHealthy: 1,
      keepReleases: 17,
      onFailure: "halt",
    });
    expect(nginx).toMatchObject({
      directory: resolve("some/where/nginx"),
      executable: "/opt/nginx",
      flavour: "check-module",
      address: "0.0.0.0",
      port: 9000,
      statusAllow: ["10.0.0.0/8", "fd00::/8", "192.0.2.1", "2001:db8::1"],
      check: {
        path: "/ready",
        intervalMilliseconds: 3000,
        rise: 4,
        fall: 5,
        timeoutMilliseconds: 600,
        expect: ["200", "3xx"],
      },
      healthPath: "/ready",
      slowestRequestSeconds: 10,
      settleSeconds: 11,
      leaseWaitSeconds: 16,
    });
  });

  test("the environment is a secret, whether or not the stack file says so", async () => {
    const { rollout } = await read({ environment: { PASSWORD: "hunter2" } });
    expect(await pulumi.isSecret(rollout.environment)).toBe(true);
    expect(await known(rollout.environment)).toEqual({ PASSWORD: "hunter2" });
  });

  test("minimumHealthy may be a number, and by default it is all other hosts", async () => {
    const hosts = [...twoHosts, { name: "app-3", port: 8083 }];
    expect((await read({ hosts })).rollout.minimumHealthy).toBe(2);
    expect((await read({ hosts, minimumHealthy: "0" })).rollout.minimumHealthy).toBe(0);
  });

  test("the name of a kept release takes the place of the jar", async () => {
    const { rollout } = await read({ release: "1.0.0", jar: "/nowhere/app.jar" });
    expect(rollout.release).toBe("1.0.0");
    expect(rollout).not.toHaveProperty("jar");
  });

  test("one host is allowed with a warning", async () => {
    const { rollout } = await read({ hosts: twoHosts.slice(0, 1) });
    expect(rollout.minimumHealthy).toBe(0);
    expect(console.warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining("hosts: there is only one, so the service is down while it is replaced."),
    );
  });
});

describe("a jar that could not run is refused", () => {
  async function refusalOfJar(make: (path: string) => Promise<unknown>): Promise<[string, string]> {
    const path = join(await temporaryDirectory(), "other.jar");
    await make(path);
    return [await refusal({ jar: path }), path];
  }

  test.each([
    ["a missing one", async () => {}, "expected a jar, found no file"],
    ["an empty file", (path: string) => writeFile(path, ""), "expected a jar, got an empty file"],
    ["a directory", (path: string) => mkdir(path), "expected a jar, got a directory"],
    [
      "a file that is no zip",
      (path: string) => writeFile(path, "hello, I am no jar"),
      "expected a jar, got a file that is no zip archive",
    ],
    [
      "a zip without a manifest",
      (path: string) => writeFile(path, zip({ "a.txt": "a" })),
      "expected an executable jar, got a zip without META-INF/MANIFEST.MF",
    ],
    [
      "a library",
      (path: string) => writeFile(path, zip({ [MANIFEST]: "Implementation-Version: 1.0\n" })),
      "expected an executable jar, got one whose manifest has no Main-Class",
    ],
    [
      "a truncated jar",
      async (path: string) => truncate(await writeJar(path, "1.0.0"), 120),
      "expected a whole jar, got a truncated or damaged one",
    ],
    [
      "a jar without a version",
      (path: string) => writeFile(path, zip({ [MANIFEST]: "Main-Class: demo.Main\n" })),
      "expected a version in META-INF/build-info.properties or as Implementation-Version in the manifest, got none",
    ],
    [
      "a jar whose version could not be a folder",
      (path: string) => writeJar(path, "1/2"),
      'expected a version of letters, digits and . _ + -, got "1/2"',
    ],
  ])("%s", async (_, make, reason) => {
    const [message, path] = await refusalOfJar(make);
    expect(message).toBe(`rollgate:jar: ${reason}: ${path}. Nothing was changed.`);
  });
});

describe("a bad setting is refused with one line that names it", () => {
  const fewPasses = { healthPasses: 3, healthIntervalMilliseconds: 1000, healthDeadlineSeconds: 2 };

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    [
      "two hosts with one name",
      { hosts: [twoHosts[0], { name: "app-1", port: 8082 }] },
      "hosts[1].name: expected a name of its own, got app-1 as in hosts[0]",
    ],
    [
      "two hosts with one address",
      { hosts: [twoHosts[0], { name: "app-2", port: 8081 }] },
      "hosts[1].port: expected an address of its own, got 127.0.0.1:8081 as in hosts[0]",
    ],
    [
      "a port out of range",
      { hosts: [...twoHosts, { name: "app-3", port: 70_000 }] },
      "hosts[2].port: expected 1–65535, got 70000",
    ],
    [
      "a port that is missing",
      { hosts: [{ name: "app-1" }] },
      "hosts[0].port: expected 1–65535, got nothing",
    ],
    [
      "a name that could not be a folder",
      { hosts: [{ name: "App 1", port: 8081 }, twoHosts[1]] },
      'hosts[0].name: expected 1–32 lower-case letters, digits and inner hyphens, got "App 1"',
    ],
    [
      "an address that is none",
      { hosts: [{ ...twoHosts[0], address: "localhost" }, twoHosts[1]] },
      'hosts[0].address: expected an IP address, got "localhost"',
    ],
    ["no host", { hosts: [] }, "hosts: expected at least one host, got none"],
    ["a host that is a text", { hosts: ["app-1"] }, "hosts[0].name: expected a text, got nothing"],
    [
      "an unknown key inside a host",
      { hosts: [{ ...twoHosts[0], colour: "red" }, twoHosts[1]] },
      "hosts[0].colour: unknown setting",
    ],
    [
      "a key inside a host that is not for the stack file to set",
      { hosts: [{ ...twoHosts[0], directory: "/srv/app" }, twoHosts[1]] },
      "hosts[0].directory: unknown setting",
    ],
    [
      "a kind of its own for a host",
      { hosts: [twoHosts[0], { ...twoHosts[1], kind: "lambda" }] },
      "hosts[1].kind: unknown setting",
    ],
    [
      "an address that stands for every address",
      { hosts: [{ ...twoHosts[0], address: "0.0.0.0" }, twoHosts[1]] },
      'hosts[0].address: expected the address of one host, got "0.0.0.0"',
    ],
    [
      "nginx on the port of a host",
      { nginxPort: 8082 },
      "nginxPort: expected a port of its own, got 8082, the port of app-2",
    ],
    ["nginx on a port out of range", { nginxPort: 0 }, "nginxPort: expected 1–65535, got 0"],
    ["a port in words", { nginxPort: "http" }, 'nginxPort: expected 1–65535, got "http"'],
    [
      "an address of nginx that is none",
      { nginxAddress: "example.org" },
      'nginxAddress: expected an IP address, got "example.org"',
    ],
    [
      "an unknown setting",
      { nginxport: 8080 },
      "nginxport: unknown setting; Pulumi.yaml lists those there are",
    ],
    ["a negative time", { settleSeconds: -1 }, "settleSeconds: expected 0–3600, got -1"],
    ["a negative grace", { graceSeconds: -30 }, "graceSeconds: expected 0–3600, got -30"],
    [
      "less time to settle than the slowest request takes",
      { settleSeconds: 10, slowestRequestSeconds: 20 },
      "settleSeconds: expected at least slowestRequestSeconds (20), got 10",
    ],
    [
      "less grace than the application takes to stop",
      { graceSeconds: 10, shutdownPhaseSeconds: 20 },
      "graceSeconds: expected at least shutdownPhaseSeconds (20), got 10",
    ],
    ["no time for the roll", { rollDeadlineSeconds: 0 }, "rollDeadlineSeconds: expected 1–86400, got 0"],
    [
      "another answer to a failure than there is",
      { onFailure: "retry" },
      'onFailure: expected rollback or halt, got "retry"',
    ],
    ["a soak of half a second", { soakSeconds: 0.5 }, 'soakSeconds: expected 0–86400, got "0.5"'],
    ["no passes", { healthPasses: 0 }, "healthPasses: expected 1–100, got 0"],
    [
      "a deadline shorter than its passes take",
      fewPasses,
      "healthDeadlineSeconds: expected at least 3 passes × 1000 ms, got 2 s",
    ],
    [
      "as many hosts that must serve as there are",
      { minimumHealthy: 2 },
      "minimumHealthy: expected less than the number of hosts (2), got 2: no host could ever be taken out",
    ],
    [
      "a minimumHealthy that is no number",
      { minimumHealthy: "most" },
      'minimumHealthy: expected 0–1000, got "most"',
    ],
    ["a negative minimumHealthy", { minimumHealthy: -1 }, "minimumHealthy: expected 0–1000, got -1"],
    [
      "a health path without a slash",
      { healthPath: "actuator/health" },
      'healthPath: expected a path such as /actuator/health, got "actuator/health"',
    ],
    [
      "a health path that nginx would read as its own",
      { healthPath: "/health; }" },
      'healthPath: expected a path such as /actuator/health, got "/health; }"',
    ],
    [
      "a kind that there is not",
      { kind: "kubernetes" },
      "kind: expected local, docker or ssh, got kubernetes",
    ],
    [
      "a flavour that there is not",
      { nginxFlavour: "plus" },
      'nginxFlavour: expected auto, stock, njs or check-module, got "plus"',
    ],
    [
      "a bad name of an environment variable",
      { environment: { "DATABASE-URL": "x" } },
      "environment.DATABASE-URL: expected the name of an environment variable",
    ],
    [
      "a status network that is none",
      { statusAllow: ["10.0.0.0/8", "10.0.0.0/33"] },
      'statusAllow[1]: expected an address or a network such as 10.0.0.0/8, got "10.0.0.0/33"',
    ],
    ["no java", { java: "" }, "java: expected the java command, got an empty text"],
    ["a JVM option that is no text", { jvmOptions: [512] }, "jvmOptions[0]: expected a text, got 512"],
    ["one release to keep", { keepReleases: 1 }, "keepReleases: expected 2–100, got 1"],
    [
      "checks that are too frequent",
      { checkIntervalMilliseconds: 1 },
      "checkIntervalMilliseconds: expected 100–600000, got 1",
    ],
    ["a check that never rises", { checkRise: 0 }, "checkRise: expected 1–100, got 0"],
    [
      "a text where a list is expected",
      { hosts: "app-1" },
      "hosts: expected a list or an object, got a text",
    ],
    ["a number where a list is expected", { jvmOptions: 5 }, "jvmOptions: expected a list, got 5"],
    [
      "an object where a list is expected",
      { arguments: { a: 1 } },
      'arguments: expected a list, got {"a":1}',
    ],
    [
      "a list in bad JSON",
      { hosts: '[{"name": "app-1",' },
      "hosts: expected a list or an object, got a text",
    ],
    [
      "an environment in bad JSON",
      { environment: '{"A": "1"' },
      "environment: expected a list or an object, got a text",
    ],
    [
      "a directory that nginx would read as its own",
      { directory: "/srv/$stack" },
      'directory: expected a path without quotes, $ and \\, which nginx would read as its own, got "/srv/$stack/nginx"',
    ],
    ["no nginx", { nginx: "" }, "nginx: expected the nginx command, got an empty text"],
    ["neither a jar nor a release", { jar: "" }, "jar: expected a jar or a release, got neither"],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test("a secret that would not be kept as one", async () => {
    vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:environment","rollgate:arguments"]');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await refusal({ arguments: ["--password=hunter2"] })).toBe(
      "rollgate:arguments: expected plain values, got a secret: only environment is kept secret everywhere. Nothing was changed.",
    );
  });

  test("a message about the environment never shows a value", async () => {
    const message = await refusal({ environment: { PIN: 4711 } });
    expect(message).toMatch(/^rollgate:environment\.PIN: expected a text.*\. Nothing was changed\.$/);
    expect(message).not.toContain("4711");
  });
});

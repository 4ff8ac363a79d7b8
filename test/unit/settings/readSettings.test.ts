import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { known } from "../../support/pulumi.ts";
import { read, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const twoHosts = [
  { name: "app-1", port: 8081 },
  { name: "app-2", port: 8082 },
];

describe("what is read", () => {
  test("with nothing but a jar, everything is as Pulumi.yaml says", async () => {
    const { rollout, nginx, jar } = await read({});
    const root = resolve(".rollgate/test");
    const { environment, ...plain } = rollout;
    const address = "127.0.0.1";
    const controlPort = expect.toSatisfy((port: number) => port >= 20_000 && port < 30_000);
    const hosts = [
      { name: "app-1", address, port: 8081, second: { address, port: 18_081 } },
      { name: "app-2", address, port: 8082, second: { address, port: 18_082 } },
    ];
    expect(plain).toEqual({
      jar: { path: expect.stringMatching(/\/app\.jar$/) },
      hosts: hosts.map((host) => ({ kind: "local", ...host, directory: `${root}/hosts/${host.name}` })),
      proxies: [{ kind: "local", directory: `${root}/nginx`, address: "127.0.0.1", port: 8080, controlPort }],
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
      order: "auto",
      batch: [1],
      minimumHealthy: 1,
      keepReleases: 3,
      onFailure: "rollback",
      reports: resolve(".rollgate/reports/test"),
      stack: "test",
      settings: {},
    });
    expect(jar).toEqual({
      path: rollout.jar?.path,
      version: "1.2.3",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await known(environment)).toEqual({});
    expect(nginx).toEqual({
      kind: "local",
      directory: `${root}/nginx`,
      address: "127.0.0.1",
      port: 8080,
      controlPort,
      executable: "nginx",
      flavour: "auto",
      name: "rollgate_test",
      hosts,
      healthPath: "/actuator/health",
      slowestRequestSeconds: 30,
      settleSeconds: 30,
      leaseWaitSeconds: 0,
      maxBodySize: "10m",
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 1000,
        rise: 2,
        fall: 3,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
      pathPrefix: "/",
      serverNames: [],
      closedPaths: ["/actuator"],
      openPaths: [],
      statusAllow: [],
    });
    expect(console.warn).not.toHaveBeenCalled();
  });

  test("every setting reaches its destination", async () => {
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
      controlPort: 9999,
      closedPaths: ["/shop/actuator", "/internal"],
      openPaths: ["/shop/actuator/health"],
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
      controlPort: 9999,
      closedPaths: ["/shop/actuator", "/internal"],
      openPaths: ["/shop/actuator/health"],
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

  test("the actuator of an application with a context path is closed too, unless none is", async () => {
    const closed = async (settings: object) =>
      (await read({ healthPath: "/shop/actuator/health", ...settings })).nginx.closedPaths;
    expect(await closed({})).toEqual(["/actuator", "/shop/actuator"]);
    expect(await closed({ closedPaths: ["/internal"] })).toEqual(["/internal"]);
    expect(await closed({ closedPaths: [] })).toEqual([]);
  });

  test("Spring profiles become the first argument", async () => {
    const { rollout } = await read({ springProfiles: ["prod", "metrics"], arguments: ["--debug"] });
    expect(rollout.launch.arguments).toEqual(["--spring.profiles.active=prod,metrics", "--debug"]);
  });

  test("numbers and booleans from `pulumi config set --path` are read as the strings that were typed", async () => {
    const { rollout } = await read({
      environment: { TIMEOUT: 300000, DEBUG: true, ZERO: 0, PLAIN: "1.10" },
      jvmOptions: [-1],
      arguments: [false],
      springProfiles: [2024],
      hosts: [{ name: 7, port: 8081 }],
    });
    expect(await known(rollout.environment)).toEqual({
      TIMEOUT: "300000",
      DEBUG: "true",
      ZERO: "0",
      PLAIN: "1.10",
    });
    expect(rollout.launch).toMatchObject({
      jvmOptions: ["-1"],
      arguments: ["--spring.profiles.active=2024", "false"],
    });
    expect(rollout.hosts).toMatchObject([{ name: "7" }]);
  });

  test("health may have its own port, a common one or a host's", async () => {
    const places = [
      { name: "a", port: 8081, address: "10.0.0.1" },
      { name: "b", port: 8081, address: "10.0.0.2", healthPort: 9099 },
    ];
    const { rollout, nginx } = await read({ hosts: places, healthPort: 9090 });
    expect(rollout.hosts).toMatchObject([{ healthPort: 9090 }, { healthPort: 9099 }]);
    expect(nginx.hosts).toMatchObject([{ ...places[0], healthPort: 9090 }, { ...places[1] }]);
  });

  test("hosts may be in zones", async () => {
    const zones = ["north", "south"];
    const { rollout } = await read({
      hosts: twoHosts.map((host, index) => ({ ...host, zone: zones[index] })),
    });
    expect(rollout.hosts.map(({ zone }) => zone)).toEqual(zones);
  });

  test("a host may have its own options, and its environment is secret like the common one", async () => {
    vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:hosts"]');
    onTestFinished(() => void vi.unstubAllEnvs());
    const [one, two] = twoHosts;
    const { rollout } = await read({
      hosts: [
        { ...one, environment: { PASSWORD: "hunter2", PIN: 4711 } },
        { ...two, jvmOptions: ["-Xmx2g"], arguments: ["--debug"] },
      ],
    });
    expect(rollout.hostLaunch).toEqual({ "app-2": { jvmOptions: ["-Xmx2g"], arguments: ["--debug"] } });
    if (!rollout.hostEnvironment) throw new Error("expected an environment of app-1");
    expect(await pulumi.isSecret(rollout.hostEnvironment)).toBe(true);
    expect(await known(rollout.hostEnvironment)).toEqual({ "app-1": { PASSWORD: "hunter2", PIN: "4711" } });
    expect(JSON.stringify([rollout.hosts, rollout.hostLaunch])).not.toContain("hunter2");
  });

  test("the environment is secret, whether or not the stack file says so", async () => {
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
    const { rollout, ...found } = await read({ release: "1.0.0", jar: "/nowhere/app.jar" });
    expect(rollout.release).toBe("1.0.0");
    expect(found).not.toHaveProperty("jar");
    expect(rollout).not.toHaveProperty("jar");
  });

  test("one host is allowed, with a warning if it stops first", async () => {
    const hosts = twoHosts.slice(0, 1);
    const { rollout } = await read({ hosts, order: "stop-first" });
    expect(rollout.minimumHealthy).toBe(0);
    expect(console.warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining("hosts: there is only one, and it stops first, so every roll means downtime."),
    );
  });

  test("hosts may be rolled in batches, outside of which all others must serve if they stop first", async () => {
    const hosts = Array.from({ length: 8 }, (_, index) => ({ name: `app-${index + 1}`, port: 8081 + index }));
    const readBatches = async (settings: object) => {
      const { batch, minimumHealthy } = (await read({ hosts, ...settings })).rollout;
      return { batch, minimumHealthy };
    };
    expect(await readBatches({ batch: "25%" })).toEqual({ batch: ["25%"], minimumHealthy: 7 });
    expect(await readBatches({ batch: "25%", order: "stop-first" })).toEqual({
      batch: ["25%"],
      minimumHealthy: 6,
    });
    expect(await readBatches({ batch: "100%", order: "stop-first" })).toEqual({
      batch: ["100%"],
      minimumHealthy: 1,
    });
    expect(await readBatches({ batch: [1, "25%", "100%"] })).toEqual({
      batch: [1, "25%", "100%"],
      minimumHealthy: 7,
    });
    expect(await readBatches({ batch: 4, order: "stop-first", maxUnavailable: "25%" })).toEqual({
      batch: [4],
      minimumHealthy: 6,
    });
    expect(await readBatches({ maxUnavailable: 3 })).toEqual({ batch: [1], minimumHealthy: 5 });
    expect(await readBatches({ batch: 3 })).toEqual({ batch: [3], minimumHealthy: 7 });
  });
});

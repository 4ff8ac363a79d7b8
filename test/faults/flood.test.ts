import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { identifyJar } from "#rollout/release/jar.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { endProcessesUnder } from "../../harness/endProcessesUnder.ts";
import { LocalFleet } from "../../harness/localFleet.ts";
import { QUICK_START } from "../../harness/realFleet.ts";
import { SshFleet } from "../../harness/ssh/sshFleet.ts";
import { noSshd, SshServers } from "../../harness/ssh/sshServers.ts";
import { type Market, market } from "../support/market.ts";

const LAST_WORDS = "market.fault log-flood: exiting with code 1";
const HEALTH = { deadlineSeconds: 90 };
const withoutSshd = await noSshd();
const withoutDocker = await noDocker();

describe("a release that logs 720 MB and exits", { timeout: 240_000 }, () => {
  let old: Market;
  let bad: Market;
  let began: number;

  beforeAll(async () => {
    old = await market({ version: "1.0.0" });
    bad = await market({ version: "1.2.0", fault: "log-flood" });
  }, 300_000);

  afterEach(({ task }) => {
    console.log(`${task.name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });

  /** The reason and the last words are there, and not much else of the log. */
  function expectReason(output: string): void {
    expect(output).toContain(`app-1 failed its health gate on ${bad.id}: the process ended by itself`);
    expect(output).toContain(`app-1 is back on ${old.id}`);
    expect(output).toContain(LAST_WORDS);
    expect(output.length).toBeLessThan(10_000);
  }

  test("is rolled back on this machine without a lost request, showing the reason and its last lines", async () => {
    const fleet = await LocalFleet.create(2);
    onTestFinished(() => fleet.remove(), 60_000);
    expect((await fleet.roll({ jar: old.jar })).code).toBe(0);
    began = performance.now();
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: bad.jar, health: HEALTH }));
    expect(result.code).toBe(1);
    expectReason(result.output);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual({ "app-1": old.id, "app-2": old.id });
  });

  test.skipIf(withoutSshd)("is rolled back on a server", async () => {
    const servers = await SshServers.create();
    onTestFinished(async () => {
      await endProcessesUnder(servers.directory);
      await servers.remove();
    }, 60_000);
    const fleet = await SshFleet.create({
      config: servers.config,
      machines: [await servers.add("server-1")],
      web: await servers.add("server-web"),
      launch: { java: "java", jvmOptions: QUICK_START, arguments: [] },
    });
    expect((await fleet.rollHere(await identifyJar(old.jar))).failure).toBeUndefined();
    began = performance.now();
    const { failure = "", evidence } = await fleet.rollHere(await identifyJar(bad.jar), () => {}, {
      health: HEALTH,
    });
    expectReason([failure, ...evidence].join("\n"));
    expect(await fleet.releases()).toEqual({ "app-1": old.id });
  });

  test.skipIf(withoutDocker)("is rolled back in a container", async () => {
    const fleet = await DockerFleet.create(1);
    onTestFinished(() => fleet.remove(), 60_000);
    expect((await fleet.roll({ jar: old.jar })).code).toBe(0);
    began = performance.now();
    const { code, output } = await fleet.roll({ jar: bad.jar, health: HEALTH });
    expect(code).toBe(1);
    expectReason(output);
    expect(output).toMatch(/^ {4}exit code 1$/m);
    expect(await fleet.releases()).toEqual({ "app-1": old.id });
  });
});

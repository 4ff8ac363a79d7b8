import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { NodeFleet } from "../support/docker/nodeFleet.ts";
import { fakeJar } from "../support/fakeJava.ts";

const reason = await noDocker();

describe.skipIf(reason !== undefined)("a single host in containers", { timeout: 100_000 }, () => {
  let fleet: DockerFleet;
  let java: string;
  let made: NodeFleet;
  let old: Jar;
  let next: Jar;

  beforeAll(async () => {
    made = await NodeFleet.create(1);
    ({ fleet, java } = made);
    old = await fakeJar({ version: "1.0.0" }, fleet.directory);
    next = await fakeJar({ version: "1.1.0" }, fleet.directory);
    const { code, output } = await fleet.roll(to(old));
    expect(code, output).toBe(0);
  }, 300_000);

  afterAll(() => made?.remove(), 120_000);

  const to = ({ path: jar }: Jar) => ({ jar, launch: { java }, order: "auto" as const });
  const first = () => fleet.host("app-1").container;
  const second = () => `${first()}_b`;
  const identity = (container: string) => fleet.inspect(container, "{{.Id}} {{.State.StartedAt}}");

  /** The host's containers that run. */
  const running = async () => {
    const names = await docker(["ps", "--filter", "label=rollgate.host=app-1", "--format", "{{.Names}}"]);
    return names.split("\n").filter((name) => name.startsWith(first()));
  };

  test("that was made without a second address gets it with the next update, without a lost request or a restart", async () => {
    const before = await identity(first());
    const { seen } = await fleet.underLoad(async () => {
      fleet.addSecondSlots();
      await fleet.serveNginx();
    }, 1000);
    expect(seen.lost).toEqual([]);
    expect(await identity(first())).toBe(before);
    expect(await fleet.releases()).toEqual({ "app-1": releaseId(old) });
  });

  test("is rolled without a lost request and without a reload: the new container starts beside the old one", async () => {
    const before = await fleet.nginxIdentity();
    const { result, seen } = await fleet.underLoad(() => fleet.roll(to(next)), 2000);
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(Object.keys(seen.versions).sort()).toEqual(["1.0.0", "1.1.0"]);
    expect(await running()).toEqual([second()]);
    expect(await fleet.nginxIdentity()).toBe(before);
    expect(await fleet.releases()).toEqual({ "app-1": releaseId(next) });
  });

  test("never sends a request to a release that is DOWN", async () => {
    const before = await identity(second());
    const bad = await fakeJar({ version: "1.2.0", health: "DOWN" }, fleet.directory);
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ ...to(bad), health: { deadlineSeconds: 3 } }),
    );
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(`app-1 serves ${releaseId(next)}, which ran all the time`);
    expect(seen.lost).toEqual([]);
    expect(Object.keys(seen.versions)).toEqual(["1.1.0"]);
    expect(await running()).toEqual([second()]);
    expect(await identity(second())).toBe(before);
  });

  test("sends all requests to the old container within a second of the new one's end in its soak", async () => {
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ ...to(old), timing: { soakSeconds: 20 } });
      await roller.line(phaseLine("app-1", "drain"));
      const diedAt = fleet.loadSeconds;
      await docker(["kill", "--signal", "KILL", first()]);
      return { ...(await roller.done), diedAt };
    });
    expect(result.code, result.output).toBe(1);
    expect(result.output).toContain(
      `app-1 failed its soak gate on ${releaseId(old)}: the process ended by itself`,
    );
    const late = seen.lost.filter(({ atSeconds }) => atSeconds > result.diedAt + 1);
    expect(late).toEqual([]);
    expect(await running()).toEqual([second()]);
    expect(await fleet.releases()).toEqual({ "app-1": releaseId(next) });
  });
});

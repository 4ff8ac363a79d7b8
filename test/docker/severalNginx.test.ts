import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DockerProxyDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import type { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { Traffic } from "../../harness/traffic.ts";
import { NodeFleet } from "../support/docker/nodeFleet.ts";
import { fakeJar } from "../support/fakeJava.ts";

const reason = await noDocker();

describe.skipIf(reason !== undefined)("two nginx in containers", { timeout: 120_000 }, () => {
  let fleet: DockerFleet;
  let other: DockerProxyDescriptor;
  let java: string;
  let made: NodeFleet;

  beforeAll(async () => {
    made = await NodeFleet.create(2, { second: true });
    ({ fleet, java } = made);
    other = await fleet.addNginx();
    expect(await roll("1.0.0")).toMatchObject({ failure: undefined });
  }, 300_000);

  afterAll(() => made?.remove(), 120_000);

  const roll = async (version: string, onPhase?: (phase: string, host?: string) => void) =>
    fleet.rollHere(await fakeJar({ version }, fleet.directory), onPhase, {
      launch: { java, jvmOptions: [] },
      order: "start-first",
      timing: { soakSeconds: 1 },
    });

  const flagsOf = ({ container }: DockerProxyDescriptor) => fleet.exec(container, "ls", "/rollgate/drained");

  test("one dies in the middle of a roll, and Docker starts it again: nothing is lost through the other, and both have the same drains", async () => {
    const pid = Number(await fleet.inspect(other.container, "{{.State.Pid}}"));
    const { result, seen } = await fleet.underLoad(
      () =>
        roll("1.1.0", (phase, host) => {
          if (phase === "upstream" && host === "app-1") process.kill(pid, "SIGKILL");
        }),
      1000,
      100,
    );
    expect(result.failure).toBeUndefined();
    expect(result.result?.warnings).toEqual([]);
    expect(seen.lost).toEqual([]);
    expect(await fleet.inspect(other.container, "{{.RestartCount}}")).toBe("1");
    expect(await flagsOf(other)).toBe("app-1\napp-2");
    expect(await flagsOf(fleet.proxy)).toBe("app-1\napp-2");
    const clients = new Traffic(`http://127.0.0.1:${other.port}`, 50);
    await sleep(1_000);
    expect((await clients.stop()).lost).toEqual([]);
  });

  test("with the first one stopped, a roll is refused, and names it", async () => {
    await docker(["stop", fleet.proxy.container]);
    const { failure } = await roll("1.2.0");
    await docker(["start", fleet.proxy.container]);
    expect(failure).toMatch(/^nginx at http:\/\/127\.0\.0\.1:\d+ does not answer: .*No host was touched\.$/);
  });
});

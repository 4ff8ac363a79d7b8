import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { until } from "../../harness/until.ts";
import { fakeAppImage, removeFakeAppImage } from "../support/docker/fakeAppImage.ts";
import { noOwnEngine, OwnEngine } from "../support/docker/ownEngine.ts";
import { fakeJar } from "../support/fakeJava.ts";

const reason = (await noDocker()) ?? (await noOwnEngine());

describe.skipIf(reason !== undefined)("after a restart", { timeout: 120_000 }, () => {
  const given = process.env.DOCKER_HOST;
  let engine: OwnEngine;
  let fleet: DockerFleet;
  let good: Jar;
  let bad: Jar;

  beforeAll(async () => {
    const { nginx } = await baseImages();
    const jre = await fakeAppImage(nginx);
    engine = await OwnEngine.start();
    await engine.load(nginx, jre);
    process.env.DOCKER_HOST = engine.url;
    fleet = await DockerFleet.create(2, {}, { images: { nginx, jre } });
    good = await fakeJar({ version: "1.0.0" }, fleet.directory);
    bad = await fakeJar({ version: "1.1.0", health: "DOWN" }, fleet.directory);
    const { code, output } = await fleet.roll({ jar: good.path });
    expect(code, output).toBe(0);
  }, 300_000);

  afterAll(async () => {
    await fleet?.remove();
    await engine?.remove();
    if (given === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = given;
    await removeFakeAppImage();
  }, 120_000);

  const served = async () => (await engine.get(fleet.proxy.port, "/")).split("\r\n\r\n").at(-1);

  const flags = async () => {
    const names = await fleet.exec(fleet.proxy.container, "ls", "/rollgate/drained");
    return names.split("\n").filter(Boolean);
  };

  test("or before, nginx's container reports that it serves, without curl and wget", async () => {
    const { container } = fleet.proxy;
    await fleet.exec(container, "sh", "-c", 'rm -f "$(command -v curl)" "$(command -v wget)"');
    await fleet.exec(container, "sh", "/opt/rollgate/is-serving.sh");
  });

  test("or before, nginx's container ends a count of requests whose roll was killed", async () => {
    const inside = (script: string) =>
      fleet.exec(fleet.proxy.container, "sh", "-c", `cd /rollgate/drained && ${script}`);
    const check = () => fleet.exec(fleet.proxy.container, "sh", "/opt/rollgate/is-serving.sh");
    await inside("touch _ledger .ledger && rm -f .sum.* && echo counted > ../logs/ledger.log");
    await check();
    expect(await flags()).toEqual(["_ledger"]);
    await inside("touch -d '5 minutes ago' .ledger");
    await check();
    expect(await flags()).toEqual([]);
    expect(await inside("cat ../logs/ledger.log")).toBe("");
  });

  test("of nginx alone, whose master was killed, it serves", async () => {
    const startedAt = () => fleet.inspect(fleet.proxy.container, "{{.State.StartedAt}}");
    const before = await startedAt();
    await sleep(500);
    process.kill(Number(await fleet.inspect(fleet.proxy.container, "{{.State.Pid}}")), "SIGKILL");
    await until(async () => (await startedAt()) !== before && (await served()) === "1.0.0");
  });

  test("of the engine, nginx and the applications serve as before, with nginx's last configuration", async () => {
    const { container } = fleet.proxy;
    // The strictest policy under which it has to come back: nobody stopped it by hand.
    await docker(["update", "--restart", "unless-stopped", container]);
    await fleet.serveNginx({ statusAllow: ["10.1.2.3"] });
    const before = await fleet.exec(container, "cat", "/rollgate/nginx.conf");
    expect(before).toContain("10.1.2.3");
    await engine.restart();
    await until(async () => (await served()) === "1.0.0");
    expect(await fleet.exec(container, "cat", "/rollgate/nginx.conf")).toBe(before);
    await expect
      .poll(() => fleet.releases(), { timeout: 20_000 })
      .toEqual({ "app-1": releaseId(good), "app-2": releaseId(good) });
  });

  test("of the engine, what had not passed its gates stays down and drained, and the others serve", async () => {
    const roller = await fleet.startRoll({ jar: bad.path });
    await roller.line(phaseLine("app-1", "start"));
    await roller.kill();
    // Whoever signals a container counts as having stopped it, which must not matter for nginx.
    await docker(["update", "--restart", "always", fleet.proxy.container]);
    await docker(["kill", "--signal", "HUP", fleet.proxy.container]);
    await engine.restart();
    await until(async () => (await served()) === "1.0.0");
    await expect
      .poll(() => fleet.releases(), { timeout: 20_000 })
      .toEqual({ "app-1": "nothing, not serving", "app-2": releaseId(good) });
    // nginx goes on counting requests for a few minutes, because the deployer was killed.
    expect(await flags()).toEqual(["_ledger", "app-1"]);
    const running = await docker(["ps", "--format", "{{.Names}}"]);
    expect(running.split("\n").sort()).toEqual([fleet.host("app-2").container, fleet.proxy.container].sort());
  });

  test("of the engine, the containers that serve come back, and those that they have replaced stay down", async () => {
    fleet.addSecondSlots();
    await fleet.serveNginx();
    const next = await fakeJar({ version: "1.2.0" }, fleet.directory);
    const { code, output } = await fleet.roll({ jar: next.path, order: "start-first" });
    expect(code, output).toBe(0);
    const running = async () => {
      const names = (await docker(["ps", "--format", "{{.Names}}"])).split("\n");
      return names.filter((name) => name !== fleet.proxy.container).sort();
    };
    // The test before left nothing to replace on the first host.
    const serving = [fleet.host("app-1").container, `${fleet.host("app-2").container}_b`];
    expect(await running()).toEqual(serving);
    await engine.restart();
    await until(async () => (await served()) === "1.2.0");
    await expect
      .poll(() => fleet.releases(), { timeout: 20_000 })
      .toEqual({ "app-1": releaseId(next), "app-2": releaseId(next) });
    expect(await running()).toEqual(serving);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { type Market, market } from "../support/market.ts";

const reason = await noDocker();
/** Room for the three jars of 22 MB that a host keeps at first, and not for a fourth. */
const SMALL_VOLUME = ["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=75m"];

describe.skipIf(reason !== undefined)("a roll over containers", { timeout: 180_000 }, () => {
  let fleet: DockerFleet;
  let old: Market;
  let next: Market;
  let deaf: Market;
  let afterTheDeaf: string;

  beforeAll(async () => {
    [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
    fleet = await DockerFleet.create(1);
    await fleet.addHost(2, SMALL_VOLUME);
    await fleet.serveNginx();
    deaf = await market({ version: "0.9.0", fault: "ignore-sigterm" });
    const outputs: string[] = [];
    for (const { jar } of [deaf, next, old]) {
      const { code, output } = await fleet.roll({ jar, timing: { graceSeconds: 2 } });
      expect(code, output).toBe(0);
      outputs.push(output);
    }
    afterTheDeaf = outputs[1] ?? "";
  }, 900_000);

  afterAll(() => fleet?.remove(), 120_000);

  const everyHostRuns = (release: Market) =>
    Object.fromEntries(fleet.hosts.map(({ name }) => [name, release.id]));
  const containerOf = (name: string) => fleet.host(name).container;

  test("has Docker kill an application that ignores SIGTERM, and says so", () => {
    for (const { name } of fleet.hosts) {
      expect(afterTheDeaf).toMatch(new RegExp(`${name} +stop +killed: it ignored SIGTERM for 2 s`));
    }
  });

  test("of an unhealthy release rolls back its first host, and loses no request", async () => {
    const bad = await market({ version: "1.2.0", fault: "exit-at-start" });
    // The second host has no room for a fourth release, and is not to be asked for it here.
    const small = fleet.hosts.pop();
    if (!small) throw new Error("there is no second host");
    await fleet.serveNginx();
    const before = await fleet.inspect(small.container, "{{.Id}}");
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: bad.jar, minimumHealthy: 0 }));
    fleet.hosts.push(small);
    expect(result.code).toBe(1);
    expect(result.output).toContain(`app-1 failed its health gate on ${bad.id}: the process ended by itself`);
    expect(result.output).toContain(`app-1 is back on ${old.id}`);
    expect(result.output).toMatch(/^ {4}exit code 1$/m);
    // One host alone: clients see nobody while it is replaced, and nothing but that.
    expect(seen.lost.filter(({ reason: why }) => !why.startsWith("503 no host"))).toEqual([]);
    expect(await fleet.inspect(small.container, "{{.Id}}")).toBe(before);
    const aside = await fleet.inspect(
      `${containerOf("app-1")}-before`,
      `{{index .Config.Labels "rollgate.release"}} {{.HostConfig.RestartPolicy.Name}}`,
    );
    expect(aside).toBe(`${bad.id} no`);
    await fleet.serveNginx();
    expect((await fleet.roll({ jar: old.jar })).code).toBe(0);
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
  });

  test("with too little memory is rolled back, and says so", async () => {
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ jar: old.jar, container: { memoryMegabytes: 48 } }),
    );
    expect(result.code).toBe(1);
    expect(result.output).toMatch(/app-1 failed its health gate .*app-1 is back on .*app-2 was not touched/);
    expect(result.output).toMatch(/^ {4}exit code 137, (?:killed, maybe )?out of memory at 48 MB$/m);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
  });

  test("of a release that no host has space for touches no host", async () => {
    const third = await market({ version: "1.3.0" });
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: third.jar }));
    expect(result.code).toBe(1);
    expect(result.output).toMatch(
      /app-2 cannot stage (\S+): no space left for \1: \d+ KiB are free, \d+ KiB are needed\. No host was touched\./,
    );
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
    const left = await fleet.exec(containerOf("app-2"), "ls", "-A", "/rollgate/releases");
    expect(left.split("\n").sort()).toEqual([deaf.id, old.id, next.id].sort());
  });

  test("to an image that the engine does not have touches no host", async () => {
    const { code, output } = await fleet.roll({ jar: old.jar, container: { image: "no-such-image:1" } });
    expect(code).toBe(1);
    expect(output).toContain(
      "app-1 is not ready: expected the image no-such-image:1, got none on the engine",
    );
    expect(output).toContain("No host was touched.");
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
  });

  test("whose deployer is killed while a host is out is finished by the next roll", async () => {
    const { result, seen } = await fleet.underLoad(async () => {
      const roller = await fleet.startRoll({ jar: next.jar });
      await roller.line(phaseLine("app-1", "start"));
      await roller.kill();
      expect(await fleet.releases()).toMatchObject({ "app-2": old.id });
      return fleet.roll({ jar: next.jar });
    });
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(next));
  });

  test("repairs a host whose container was removed", async () => {
    await docker(["rm", "--force", containerOf("app-1")]);
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar }));
    expect(result.code, result.output).toBe(0);
    expect(seen.lost.filter(({ atSeconds }) => atSeconds > 2)).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(next));
  });

  test("rejects a foreign container with the name of its own", async () => {
    const container = containerOf("app-1");
    await docker(["rename", container, `${container}-mine`]);
    await docker(["create", "--name", container, fleet.images.jre, "true"]);
    const { code, output } = await fleet.roll({ jar: old.jar });
    await docker(["rm", container]);
    await docker(["rename", `${container}-mine`, container]);
    expect(code).toBe(1);
    expect(output).toContain(
      `app-1 cannot tell who has its port: expected a container created by rollgate, got ${container} without its label`,
    );
    expect(await fleet.releases()).toEqual(everyHostRuns(next));
  });

  test("keeps nginx's configuration and drains when its container restarts", async () => {
    const { container } = fleet.proxy;
    await fleet.exec(container, "touch", "/rollgate/drained/app-1");
    await docker(["restart", container]);
    await expect
      .poll(() => fleet.releases().catch(() => ({})), { timeout: 20_000 })
      .toEqual({ "app-1": `${next.id}, not serving`, "app-2": next.id });
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar }));
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(next));
  });
});

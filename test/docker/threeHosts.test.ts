import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireFreePorts } from "#kinds/docker/requireFreePort.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import * as nginx from "#provider/nginx.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";
import { phaseLine } from "../../harness/rollerProcess.ts";
import { NodeFleet } from "../support/docker/nodeFleet.ts";
import { fakeJar } from "../support/fakeJava.ts";

const reason = await noDocker();
/** Longer than any of these tests may take: whoever waits for a dead container fails by the clock. */
const PATIENCE_SECONDS = 120;

describe.skipIf(reason !== undefined)("a fleet of three containers", { timeout: 100_000 }, () => {
  let fleet: DockerFleet;
  let java: string;
  let made: NodeFleet;
  let old: Jar;
  let next: Jar;

  beforeAll(async () => {
    made = await NodeFleet.create(3);
    ({ fleet, java } = made);
    old = await fakeJar({ version: "1.0.0" }, fleet.directory);
    next = await fakeJar({ version: "1.1.0" }, fleet.directory);
    const { code, output } = await fleet.roll(to(old));
    expect(code, output).toBe(0);
  }, 300_000);

  afterAll(() => made?.remove(), 120_000);

  const to = (jar: Jar) => ({
    jar: jar.path,
    launch: { java },
    health: { deadlineSeconds: PATIENCE_SECONDS },
    timing: { settleSeconds: PATIENCE_SECONDS, soakSeconds: 0 },
  });
  const all = (jar: Jar) => Object.fromEntries(fleet.hosts.map(({ name }) => [name, releaseId(jar)]));
  const containerOf = (name: string) => fleet.host(name).container;

  /** Rolls under load; the accident happens once a line of the roll matches. */
  async function rollWith(jar: Jar, line: RegExp, accident: () => Promise<unknown>, soakSeconds = 0) {
    const { result, seen } = await fleet.underLoad(async () => {
      const settings = to(jar);
      const roller = await fleet.startRoll({ ...settings, timing: { ...settings.timing, soakSeconds } });
      await roller.line(line);
      const from = fleet.loadSeconds;
      await accident();
      const until = fleet.loadSeconds;
      const { code, output } = await roller.done;
      return { code, output, from, until, seconds: fleet.loadSeconds - from };
    });
    // A POST that the container was answering cannot be sent again elsewhere.
    const unexplained = seen.lost.filter(
      ({ request, atSeconds }) =>
        !request.startsWith("POST") || atSeconds < result.from - 1 || atSeconds > result.until + 0.1,
    );
    return { ...result, unexplained };
  }

  const drained = (output: string) =>
    output
      .split("\n")
      .filter((line) => phaseLine("app-\\d", "drain").test(line))
      .map((line) => /app-\d/.exec(line)?.[0]);

  test("takes a peer next whose container is removed in the middle of a roll, which repairs it, and finishes", async () => {
    const roll = await rollWith(next, phaseLine("app-1", "start"), () =>
      docker(["rm", "--force", containerOf("app-3")]),
    );
    expect(roll.code, roll.output).toBe(0);
    expect(drained(roll.output)).toEqual(["app-1", "app-3", "app-2"]);
    expect(roll.output).not.toMatch(phaseLine("fleet", "wait"));
    expect(roll.unexplained).toEqual([]);
    expect(await fleet.releases()).toEqual(all(next));
  });

  test("does not wait for a dead container that cannot be restarted, names the one that has its address, and recovers once that is gone", async () => {
    const { address, network } = fleet.host("app-3");
    const stranger = `${fleet.prefix}-stranger`;
    const roll = await rollWith(old, phaseLine("app-1", "start"), async () => {
      await docker(["rm", "--force", containerOf("app-3")]);
      const place = ["--name", stranger, "--network", network, "--ip", address];
      await docker([
        "run",
        "--detach",
        "--stop-signal",
        "KILL",
        ...place,
        fleet.images.nginx,
        "sleep",
        "600",
      ]);
    });
    const taken = `port 8080 of app-3 is taken by container ${stranger}, which has the address ${address}`;
    expect(roll.code).toBe(1);
    expect(roll.seconds).toBeLessThan(PATIENCE_SECONDS / 2);
    expect(roll.output).toContain(
      `Going back to ${releaseId(next)} failed too (${taken}): app-3 stays drained; app-1 went back to ${releaseId(next)}; app-2 was not touched.`,
    );
    expect(roll.output).toMatch(/^Next: free the port \(`ss -ltnp` or `docker ps` on that machine shows /m);
    expect(roll.output).not.toMatch(phaseLine("fleet", "wait"));
    expect(roll.unexplained).toEqual([]);

    const refused = await fleet.roll(to(old));
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`${taken}. No host was touched.`);
    await docker(["rm", "--force", stranger]);
    const healed = await fleet.roll(to(old));
    expect(healed.code, healed.output).toBe(0);
    expect(drained(healed.output)).toEqual(["app-3", "app-1", "app-2"]);
    expect(await fleet.releases()).toEqual(all(old));
  });

  test("does not touch a host while another container has nginx's port, and the preview names that container", async () => {
    const { proxy, images } = fleet;
    const rival = `${fleet.prefix}-rival`;
    await docker(["stop", proxy.container]);
    const place = ["--name", rival, "--publish", `127.0.0.1:${proxy.port}:80`];
    await docker(["run", "--detach", "--stop-signal", "KILL", ...place, images.nginx, "sleep", "600"]);
    await expect(docker(["start", proxy.container])).rejects.toThrow();
    await expect(requireFreePorts(openEngine(""), proxy)).rejects.toThrow(
      `proxies[0].port: expected a free port at 127.0.0.1, got ${proxy.port}, which is taken by the container ${rival}`,
    );
    await expect(fleet.serveNginx()).rejects.toThrow(
      new RegExp(`container ${proxy.container} is not running: .*port is already allocated`),
    );
    const { code, output } = await fleet.roll(to(next));
    expect(code).toBe(1);
    expect(output).toMatch(/^nginx at \S+ does not answer: .*is not running.*No host was touched\.$/m);
    expect(output).toMatch(
      /^Next: find out why this stack's nginx does not answer.*what listens on its port/m,
    );
    await docker(["rm", "--force", rival]);
    await docker(["start", proxy.container]);
    await expect.poll(() => fleet.releases().catch(() => ({})), { timeout: 20_000 }).toEqual(all(old));
  });

  test("serves again after one update and no restart if nginx lost its configuration, which a refresh shows", async () => {
    const { container } = fleet.proxy;
    const news = await fleet.checkNginx();
    await fleet.exec(container, "sh", "-c", "echo nonsense > /rollgate/nginx.conf");
    await docker(["restart", container]);
    const { props } = await nginx.read("id", news);
    expect(props).toMatchObject({ configuration: expect.not.stringContaining("app-1") });
    expect(await nginx.diff({ olds: props ?? {}, news })).toMatchObject({ changes: true, replaces: [] });
    await fleet.serveChecked(news);
    expect((await nginx.read("id", news)).props).toEqual(news);
    const { code, output } = await fleet.roll(to(old));
    expect(code, output).toBe(0);
    expect(output).not.toMatch(phaseLine("app-\\d", "stop"));
    expect(await fleet.releases()).toEqual(all(old));
  });

  test("cannot lose all serving hosts at once, as the preview says", async () => {
    const olds = await fleet.checkNginx();
    const moved = fleet.members.map((member) => ({ ...member, port: 9090 }));
    await expect(fleet.checkNginx({ hosts: moved }, olds)).rejects.toThrow(
      '"property":"hosts","reason":"expected at least one healthy host that stays where it is, got none: ',
    );
    await fleet.checkNginx({ hosts: fleet.members.slice(1) }, olds);
  });

  test("rolls back at once when a container is removed in its soak, without waiting for its connections", async () => {
    const admitted = phaseLine("app-1", "admit");
    const roll = await rollWith(next, admitted, () => docker(["rm", "--force", containerOf("app-1")]), 20);
    expect(roll.code).toBe(1);
    expect(roll.seconds).toBeLessThan(PATIENCE_SECONDS / 2);
    expect(roll.output).toContain(
      `app-1 failed its soak gate on ${releaseId(next)}: the process ended by itself`,
    );
    expect(roll.output).toContain(`app-1 is back on ${releaseId(old)}; app-2 and app-3 were not touched.`);
    expect(roll.unexplained).toEqual([]);
    expect(await fleet.releases()).toEqual(all(old));
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dockerNginx } from "#kinds/docker/dockerNginx.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { containerLog, docker, noDocker } from "../../harness/docker/engine.ts";
import { request } from "../../harness/request.ts";
import { type Market, market } from "../support/market.ts";

const reason = await noDocker();
if (reason !== undefined) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)("a fleet of containers", { timeout: 180_000 }, () => {
  let fleet: DockerFleet;
  let old: Market;
  let next: Market;

  beforeAll(async () => {
    [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
    fleet = await DockerFleet.create(2);
    const { code, output } = await fleet.roll({ jar: old.jar });
    expect(code, output).toBe(0);
  }, 900_000);

  afterAll(() => fleet?.remove(), 120_000);

  const everyHostRuns = (release: Market) =>
    Object.fromEntries(fleet.hosts.map(({ name }) => [name, release.id]));

  test("is checked by nginx with the best that its image supports", async () => {
    const answer = await fleet.exec(
      fleet.proxy.container,
      ...["curl", "-s", "http://127.0.0.1:8079/rollgate/configuration"],
    );
    expect(answer).toMatch(/^(njs|check-module) [0-9a-f]{16}$/);
  });

  test("is rolled without a lost request, and nginx is neither restarted nor reloaded", async () => {
    const before = await fleet.nginxIdentity();
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar }), 3000);
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(seen.sent).toBeGreaterThanOrEqual(3000);
    expect(await fleet.releases()).toEqual(everyHostRuns(next));
    expect(await fleet.nginxIdentity()).toBe(before);
  });

  test("leaves only lines about hosts going up or down in nginx's log", async () => {
    const log = await containerLog(fleet.proxy.container);
    expect(log.filter((line) => !/\[warn\] .*app-\d is (up|down): /.test(line))).toEqual([]);
    expect(log).toContainEqual(expect.stringContaining("app-2 is up: 200"));
  });

  test("has not settled while a host is still answering", async () => {
    const { server, close } = await dockerNginx.open(fleet.proxy);
    const connections = async () => {
      const counts = fleet.hosts.map(({ address, port }) => server.access.connectionsTo(address, port));
      return (await Promise.all(counts)).reduce((sum, each) => sum + each, 0);
    };
    const slow = request(`${fleet.url}/slow?ms=4000`);
    await expect.poll(connections, { timeout: 3_000 }).toBe(1);
    await slow;
    await expect.poll(connections, { timeout: 5_000 }).toBe(0);
    await close();
  });

  test("changes nothing when it runs the release already", async () => {
    const ids = () => Promise.all(fleet.hosts.map(({ container }) => fleet.inspect(container, "{{.Id}}")));
    const before = await ids();
    const { code, output } = await fleet.roll({ jar: next.jar });
    expect(code, output).toBe(0);
    expect(await ids()).toEqual(before);
  });

  test("runs as an ordinary user without capabilities, and Docker restarts what has passed its gates", async () => {
    const { container } = fleet.host("app-1");
    const template =
      "{{.Config.User}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}}";
    expect(await fleet.inspect(container, template)).toBe(
      "10001:10001 [ALL] [no-new-privileges] unless-stopped",
    );
    const pid = Number(await fleet.inspect(container, "{{.State.Pid}}"));
    process.kill(pid, "SIGKILL");
    await expect
      .poll(() => fleet.releases(), { timeout: 60_000, interval: 500 })
      .toEqual(everyHostRuns(next));
  });

  test("goes back to a release by name, without its jar on this machine", async () => {
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ release: old.version }));
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
  });

  test("serves the pages of a war, as java -jar does", async () => {
    const war = await market({ version: "1.1.0", packaging: "war" });
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: war.jar }));
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(war));
    expect(await request(`${fleet.url}/page.html`)).toMatchObject({
      status: 200,
      body: expect.stringContaining("a page of the war"),
    });
  });

  test("is rolled without a lost request behind a stock nginx too", async () => {
    await fleet.serveNginx({ flavour: "stock" });
    const { result, seen } = await fleet.underLoad(() => fleet.roll({ jar: next.jar }));
    expect(result.code, result.output).toBe(0);
    expect(result.output).toMatch(/app-1 +upstream +nginx sees it: 200 UP/);
    expect(seen.lost).toEqual([]);
    expect((await fleet.roll({ jar: old.jar })).code).toBe(0);
    await fleet.serveNginx();
  });

  test("goes from two hosts to three and back to two without a lost request", async () => {
    const { seen } = await fleet.underLoad(async () => {
      await fleet.addHost(3);
      await fleet.serveNginx();
      const { code, output } = await fleet.roll({ jar: old.jar });
      expect(code, output).toBe(0);
      expect(await fleet.releases()).toEqual(everyHostRuns(old));
      const [leaving] = fleet.hosts.splice(0, 1);
      if (!leaving) throw new Error("there is no host to remove");
      await fleet.serveNginx();
      await fleet.deleteHost(leaving);
      expect(await docker(["ps", "-aq", "--filter", `name=${leaving.container}`])).toBe("");
    }, 3000);
    expect(seen.lost).toEqual([]);
    expect(await fleet.releases()).toEqual(everyHostRuns(old));
  });

  test("rolls to other limits and another environment, host by host, without a lost request", async () => {
    const environment = { GREETING: "a-secret-greeting" };
    const { result, seen } = await fleet.underLoad(() =>
      fleet.roll({ jar: old.jar, environment, container: { memoryMegabytes: 400, milliCpus: 1500 } }),
    );
    expect(result.code, result.output).toBe(0);
    expect(result.output).not.toContain("a-secret-greeting");
    expect(seen.lost).toEqual([]);
    for (const { container } of fleet.hosts) {
      const limits = await fleet.inspect(container, "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}");
      expect(limits).toBe(`${400 * 1024 * 1024} 1500000000`);
      expect(await fleet.exec(container, "printenv", "GREETING")).toBe("a-secret-greeting");
      expect(await fleet.exec(container, "stat", "-c", "%a %u", "/rollgate/launches")).toBe("700 0");
    }
  });

  test("starts the next release with the classes that the first host listed, from an image without jcmd", async () => {
    const roll = ({ jar }: Market) => fleet.roll({ jar, startupCache: "auto" });
    expect((await roll(next)).output).toMatch(/ record +later starts will be faster\n/);
    const { result, seen } = await fleet.underLoad(() => roll(old));
    expect(result.code, result.output).toBe(0);
    expect(seen.lost).toEqual([]);
    expect(result.output).not.toContain(" record ");
    // Even root needs to be the application's own account to see that.
    const maps = "grep -o '/rollgate/.*[.]jsa' /proc/1/maps | sort -u";
    const classes = (container: string) => docker(["exec", container, "sh", "-c", maps]);
    const running = await Promise.all(fleet.hosts.map(({ container }) => classes(container)));
    const archive = expect.stringMatching(/^\/rollgate\/dependencies\/\w+\/[\w-]+\.jsa$/);
    expect(running).toEqual([archive, archive]);
    // A JVM would crash at it.
    const damaged = fleet.hosts[1]?.container ?? "";
    const damage = 'chmod u+w "$1" && printf damaged | dd of="$1" bs=1 seek=9000000 conv=notrunc';
    const run = ["run", "--rm", "--user=0", "--entrypoint=sh", `--volume=${damaged}:/rollgate`];
    await docker([...run, fleet.images.jre, "-c", damage, "sh", running[1] ?? ""]);
    await docker(["restart", damaged]);
    await expect
      .poll(async () => (await fleet.member(fleet.hosts[1]?.name ?? "")).serving, { timeout: 30_000 })
      .toBe(true);
    expect(await classes(damaged)).toBe("");
  });
});

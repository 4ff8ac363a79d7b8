import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { LocalHostInputs } from "#kinds/local/localHost.ts";
import { check, create, diff, read, remove } from "#provider/hostResource.ts";
import { releaseId } from "#rollout/release/release.ts";
import { freePort } from "../../../harness/freePort.ts";
import { isAlive, readProcess } from "../../../harness/processTable.ts";
import { listenOn, startNode } from "../../support/child.ts";
import { fakeJar, fakeJava } from "../../support/fakeJava.ts";
import { localHost } from "../../support/localHost.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const { signal } = new AbortController();

async function inputs(change: Partial<LocalHostInputs> = {}): Promise<LocalHostInputs> {
  return {
    kind: "local",
    name: "app-1",
    directory: join(await temporaryDirectory(), "stack", "hosts", "app-1"),
    address: "127.0.0.1",
    port: await freePort(),
    java: await fakeJava(),
    graceSeconds: 10,
    ...change,
  };
}

describe("check", () => {
  test("accepts a valid host, and creates nothing", async () => {
    const news = await inputs();
    expect(await check({ olds: {}, news: { ...news, __provider: "code" } })).toEqual({ inputs: news });
    expect(await readdir(join(dirname(news.directory), "..", ".."))).toEqual([]);
  });

  test("accepts a host whose own application is on the port", async () => {
    const news = await inputs();
    const host = localHost(news, { launch: { java: news.java, jvmOptions: [], arguments: [] } });
    onTestFinished(() => host.stop(0).then(() => {}));
    const jar = await fakeJar({ version: "1.0.0" });
    await host.preflight(signal);
    await host.stage(releaseId(jar), jar, signal);
    await host.switchTo(releaseId(jar));
    await host.start(host.launch);
    await expect.poll(() => host.portOwner(), { timeout: 10_000 }).toMatchObject({ kind: "application" });
    expect(await check({ olds: {}, news })).toEqual({ inputs: news });
  });

  test("rejects a wrong setting, naming its path", async () => {
    expect(await check({ olds: {}, news: { ...(await inputs()), port: 70_000 } })).toEqual({
      failures: [{ property: "port", reason: expect.stringMatching(/^expected 1–65535, got 70000/) }],
    });
  });

  test("rejects a machine without java", async () => {
    expect(await check({ olds: {}, news: await inputs({ java: "/nowhere/java" }) })).toEqual({
      failures: [
        {
          property: "java",
          reason: "expected a Java runtime, found no executable /nowhere/java. Nothing was changed.",
        },
      ],
    });
  });

  test("keeps the Java that it found, and uses another only if that one is gone", async () => {
    const onPath = (path: string) => vi.stubEnv("PATH", path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const [first, second] = [await fakeJava(), await fakeJava()];
    const news = await inputs({ java: basename(first) });
    onPath(dirname(first));
    const { inputs: olds = {} } = await check({ olds: {}, news });
    expect(olds).toEqual({ ...news, java: first });
    for (const path of ["/nowhere", dirname(second)]) {
      onPath(path);
      expect(await check({ olds, news })).toEqual({ inputs: olds });
    }
    await rm(first);
    expect(await check({ olds, news })).toEqual({ inputs: { ...news, java: second } });
    expect(await check({ olds, news: { ...news, java: first } })).toMatchObject({
      failures: [{ property: "java" }],
    });
  });

  test("leaves open what only the update will know", async () => {
    const news = { ...(await inputs()), address: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    expect(await check({ olds: {}, news })).toEqual({ inputs: news });
  });

  test("rejects a port that is taken, and names the process", async () => {
    const news = await inputs();
    const { pid } = await startNode(listenOn(news.port));
    const { failures } = await check({ olds: {}, news });
    expect(failures).toEqual([{ property: "port", reason: expect.any(String) }]);
    expect(failures?.[0]?.reason).toMatch(
      new RegExp(
        `^${news.port} is taken by pid ${pid} \\(.*\\): if this host replaces another one, remove that one, run pulumi up, then add this one\\. Nothing was changed\\.$`,
      ),
    );
  });

  test("accepts a host that serves from its second slot while another process has its first port", async () => {
    const news = await inputs({ second: { address: "127.0.0.1", port: await freePort() } });
    const host = localHost(news, { launch: { java: news.java, jvmOptions: [], arguments: [] } });
    onTestFinished(() => host.second?.stop(0).then(() => {}));
    const jar = await fakeJar({ version: "1.0.0" });
    await host.preflight(signal);
    await host.stage(releaseId(jar), jar, signal);
    await host.switchTo(releaseId(jar));
    await startNode(listenOn(news.port));
    expect(await check({ olds: {}, news })).toMatchObject({ failures: [{ property: "port" }] });
    await host.second?.start(host.launch);
    expect(await check({ olds: {}, news })).toEqual({ inputs: news });
    // It may not move either while it runs there.
    const moved = { ...news, directory: `${news.directory}-new` };
    expect(await check({ olds: news, news: moved })).toMatchObject({ failures: [{ property: "directory" }] });
  });

  test("rejects moving a running application to another directory, even together with its port", async () => {
    const olds = await inputs();
    const news = { ...olds, directory: `${olds.directory}-new`, port: await freePort() };
    expect(await check({ olds, news })).toEqual({ inputs: news });
    const host = localHost(olds, { launch: { java: olds.java, jvmOptions: [], arguments: [] } });
    onTestFinished(() => host.stop(0).then(() => {}));
    const jar = await fakeJar({ version: "1.0.0" });
    await host.preflight(signal);
    await host.stage(releaseId(jar), jar, signal);
    await host.switchTo(releaseId(jar));
    await host.start(host.launch);
    expect(await check({ olds, news })).toEqual({
      failures: [
        {
          property: "directory",
          reason: `expected ${olds.directory}, where it is running, got ${news.directory}: destroy the stack first, or leave it there. Nothing was changed.`,
        },
      ],
    });
  });

  test("rejects a directory below a file", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    const { failures } = await check({
      olds: {},
      news: await inputs({ directory: join(file, "hosts", "app-1") }),
    });
    expect(failures).toEqual([
      {
        property: "directory",
        reason: expect.stringMatching(/^expected a folder.*\. Nothing was changed\.$/),
      },
    ]);
  });

  test("rejects a directory that this user may not create", async (context) => {
    context.skip(process.getuid?.() === 0, "root may write everywhere");
    const locked = await temporaryDirectory();
    await chmod(locked, 0o555);
    expect(await check({ olds: {}, news: await inputs({ directory: join(locked, "app-1") }) })).toEqual({
      failures: [
        {
          property: "directory",
          reason: `expected a folder that this user can write to, got ${locked}. Nothing was changed.`,
        },
      ],
    });
  });
});

describe("diff", () => {
  test("is empty when nothing changed", async () => {
    const news = await inputs();
    expect(
      await diff({ olds: { ...news, __provider: "old code" }, news: { ...news, __provider: "new code" } }),
    ).toEqual({
      changes: false,
      replaces: [],
    });
  });

  test("keeps a host that moves to another port, since the rollout takes care of that", async () => {
    const news = await inputs();
    expect(await diff({ olds: news, news: { ...news, port: 1 } })).toEqual({ changes: true, replaces: [] });
  });

  test("treats another directory or name as another host", async () => {
    const news = await inputs();
    expect(await diff({ olds: news, news: { ...news, directory: "/elsewhere" } })).toEqual({
      changes: true,
      replaces: ["directory"],
    });
    expect(await diff({ olds: news, news: { ...news, name: "app-9" } })).toEqual({
      changes: true,
      replaces: ["name"],
    });
  });
});

describe("a host", () => {
  test("consists of its directories, and is gone with them", async () => {
    const news = await inputs();
    expect(await create(news)).toEqual({ id: "app-1", outs: news });
    expect((await readdir(news.directory)).sort()).toEqual(["logs", "releases", "work"]);
    expect(await read("app-1", news)).toMatchObject({ id: "app-1", props: news });
    await remove(news);
    expect(await read("app-1", news)).toMatchObject({ id: "" });
  });

  test("that exists is adopted with its releases", async () => {
    const news = await inputs();
    await mkdir(join(news.directory, "releases", "1.0.0-abc"), { recursive: true });
    await create(news);
    expect(await readdir(join(news.directory, "releases"))).toEqual(["1.0.0-abc"]);
  });

  test("stops its application and removes all our files when it is removed", async () => {
    const news = await inputs();
    await create(news);
    const host = localHost(news, { launch: { java: news.java, jvmOptions: [], arguments: [] } });
    onTestFinished(() => host.stop(0).then(() => {}));
    const jar = await fakeJar({ version: "1.0.0" });
    await host.stage(releaseId(jar), jar, signal);
    await host.switchTo(releaseId(jar));
    await host.start(host.launch);
    await expect.poll(() => host.portOwner(), { timeout: 10_000 }).toMatchObject({ kind: "application" });
    const { running } = await host.observe();
    const ran = await readProcess(running?.pid ?? 0);
    if (ran === undefined) throw new Error("nothing runs");
    await remove(news);
    expect(await isAlive(ran)).toBe(false);
    expect(await readdir(join(news.directory, "../../.."))).toEqual([]);
  });

  test("stops the application in its second slot too when it is removed, even if it no longer has one", async () => {
    for (const keepsSecond of [true, false]) {
      const news = await inputs({ second: { address: "127.0.0.1", port: await freePort() } });
      await create(news);
      const host = localHost(news, { launch: { java: news.java, jvmOptions: [], arguments: [] } });
      onTestFinished(() => host.second?.stop(0).then(() => {}));
      const jar = await fakeJar({ version: "1.0.0" });
      await host.stage(releaseId(jar), jar, signal);
      await host.switchTo(releaseId(jar));
      await host.second?.start(host.launch);
      const ran = await readProcess((await host.second?.runningApp())?.pid ?? 0);
      if (ran === undefined) throw new Error("nothing runs");
      const { second, ...single } = news;
      await remove(keepsSecond ? news : single);
      expect(await isAlive(ran)).toBe(false);
      expect(await readdir(join(news.directory, "../../.."))).toEqual([]);
    }
  });

  test("keeps files of others when it is removed", async () => {
    const news = await inputs();
    await create(news);
    await writeFile(join(news.directory, "notes.txt"), "");
    await remove(news);
    expect(await readdir(news.directory)).toEqual(["notes.txt"]);
  });
});

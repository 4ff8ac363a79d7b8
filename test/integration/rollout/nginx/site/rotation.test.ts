import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { request } from "../../../../../harness/request.ts";
import { until } from "../../../../../harness/until.ts";
import { localNginxServer, NGINX } from "../../../../support/nginx.ts";
import { type Site, serveSite } from "../../../../support/siteNginx.ts";

const LONG = Buffer.alloc((1 << 20) + 1, "a line of an earlier request\n");

/** A site whose log is looked at every second. */
async function serveRotating(keep: number): Promise<Site & { readonly runner: ProcessNginx }> {
  const site = await serveSite({});
  const { directory, settings } = site;
  const runner = new ProcessNginx(new LocalMachine(), directory, NGINX, 1);
  const accessLog = { format: "combined", rotateMegabytes: 1, keep } as const;
  // As `rotation` is not there yet, this starts nothing.
  await runner.keepLog();
  await writeFile(
    join(directory, "rotation"),
    `1\n${keep}\n${directory}/nginx.pid\n${directory}/logs/access.log\n`,
  );
  await runner.keepLog();
  await serveConfiguration(localNginxServer(settings), { ...settings, accessLog }, 5);
  return { ...site, runner };
}

async function logs({ directory }: Site): Promise<string[]> {
  return (await readdir(join(directory, "logs"))).filter((name) => name.startsWith("access")).sort();
}

async function isRotating({ directory }: Site): Promise<boolean> {
  const pid = await readFile(join(directory, "temp", "rotation.pid"), "utf8").catch(() => "0");
  const words = await readFile(`/proc/${pid.trim()}/cmdline`, "utf8").catch(() => "");
  return words.includes("rollgate-rotation");
}

test("a long log is replaced while requests are served, and a few old ones stay", async () => {
  const site = await serveRotating(2);
  const log = join(site.directory, "logs", "access.log");
  const isShort = async () => (await stat(log).catch(() => ({ size: LONG.length }))).size < LONG.length;
  let [failed, done] = [0, false];
  const load = (async () => {
    while (!done) failed += (await request(site.url).catch(() => ({ status: 0 }))).status === 200 ? 0 : 1;
  })();
  onTestFinished(() => {
    done = true;
  });
  for (const expected of [
    ["access.log", "access.log.1"],
    ["access.log", "access.log.1", "access.log.2"],
    ["access.log", "access.log.1", "access.log.2"],
  ]) {
    await appendFile(log, LONG);
    await until(isShort, 10);
    expect(await logs(site)).toEqual(expected);
  }
  done = true;
  await load;
  expect(failed).toBe(0);
  await request(`${site.url}/after`);
  await until(async () => (await readFile(log, "utf8")).includes("/after"), 5);
  expect(await readFile(`${log}.1`, "utf8")).not.toContain("/after");
}, 60_000);

test("one process looks at the log, and it ends with nginx", async () => {
  const site = await serveRotating(2);
  const pid = await readFile(join(site.directory, "temp", "rotation.pid"), "utf8");
  await site.runner.keepLog();
  expect(await readFile(join(site.directory, "temp", "rotation.pid"), "utf8")).toBe(pid);
  expect(await isRotating(site)).toBe(true);
  await site.runner.quit(5);
  // One that has ended has no command line, though its parent may not have noticed.
  await until(async () => (await readFile(`/proc/${pid.trim()}/cmdline`, "utf8").catch(() => "")) === "", 5);
}, 60_000);

test("without a log, nothing looks at it", async () => {
  const site = await serveSite({});
  expect(await isRotating(site)).toBe(false);
  expect(await readdir(site.directory)).not.toContain("rotation");
});

test("what says when a log is long follows the settings", async () => {
  const accessLog = { format: "json", rotateMegabytes: 7, keep: 3 } as const;
  const { settings, directory } = await serveSite({ accessLog });
  expect(await readFile(join(directory, "rotation"), "utf8")).toBe(
    `7\n3\n${directory}/nginx.pid\n${directory}/logs/access.log\n`,
  );
  const { accessLog: _, ...without } = settings;
  await serveConfiguration(localNginxServer(settings), without, 5);
  expect(await readdir(directory)).not.toContain("rotation");
}, 40_000);

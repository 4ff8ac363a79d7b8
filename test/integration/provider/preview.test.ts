import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { check, create } from "#provider/deployment.ts";
import { inputsFor, newFleet } from "../../support/localDeployment.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";
import { tinyDirectory } from "../../support/tinyDirectory.ts";

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  return () => vi.restoreAllMocks();
});

test("a preview tells what a roll of real hosts would do, and what stands in its way", async (context) => {
  const { request, hosts } = await newFleet();
  const releases = join(hosts[1]?.directory ?? "", "releases");
  await mkdir(dirname(releases), { recursive: true });
  await symlink(await tinyDirectory(context), releases);
  const { inputs } = await inputsFor(request, { version: "1.0.0" });
  const { outs: olds } = await create(inputs);
  printed.length = 0;

  const preview = async (jar: object) => (await check({ olds, news: { ...request, jar } })).inputs;
  const path = join(await temporaryDirectory(), "app.jar");
  const next = { path, version: "2.0.0", sha256: "b".repeat(64) };
  await writeFile(path, "small");
  expect(await preview(next)).toMatchObject({ forecast: "app-1, then app-2" });
  expect(printed).toEqual([]);

  await writeFile(path, "x".repeat(100_000));
  const why = /app-2 has no room for 2\.0\.0-b{12}: \d+ KiB are free, 97 KiB are needed/;
  expect(await preview(next)).toMatchObject({
    forecast: expect.stringMatching(new RegExp(`^refused as long as ${why.source}; app-1, then app-2$`)),
  });
  expect(printed).toEqual([
    expect.stringMatching(new RegExp(`^warning: a roll is refused as long as ${why.source}$`)),
  ]);

  printed.length = 0;
  const same = (await check({ olds, news: { ...request, jar: Object(inputs).jar } })).inputs;
  expect(same).not.toHaveProperty("forecast");
  expect(printed).toEqual([]);
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import type { News } from "#kinds/change.ts";
import { check, create, diff, read } from "#provider/deployment.ts";
import { releaseId } from "#rollout/release/release.ts";
import { fakeJar } from "../../support/fakeJava.ts";
import { inputsFor, newFleet } from "../../support/localDeployment.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  return () => vi.restoreAllMocks();
});

test("a canary is previewed, rolled, left alone by a refresh, and given up again", async () => {
  const { request } = await newFleet();
  const { inputs: before, release } = await inputsFor(request, { version: "1.0.0" });
  const first = (await create(before)).outs;
  const jar = await fakeJar({ version: "2.0.0" });
  const next = releaseId(jar);
  const canary = { hosts: ["app-2"], jar: { path: jar.path } };
  const news = { ...before, rollingOrder: undefined, canary };
  const { inputs: checked = {} } = await check({ olds: first, news });
  expect(checked).toMatchObject({
    release,
    canary: { hosts: ["app-2"], release: next, jar },
    rollingOrder: [`app-1: ${release}`, `app-2: ${next}`],
  });
  const inputs = { ...checked, __provider: "code" };
  expect(await diff({ olds: first, news: inputs })).toEqual({ changes: true });
  const { outs } = await create(inputs);
  expect(outs).toMatchObject({ releases: { "app-1": release, "app-2": next } });
  expect(printed.filter((line) => line.includes("app-1") && / drain /.test(line))).toHaveLength(1);

  const refreshed = await read("id", outs);
  expect(refreshed.inputs).toEqual(inputs);
  expect((await check({ olds: outs, news })).inputs).toEqual(checked);
  expect(await diff({ olds: refreshed.props, news: inputs })).toEqual({ changes: false });

  const { canary: _, rollingOrder: __, ...dropped }: News = inputs;
  const { inputs: back = {} } = await check({ olds: outs, news: dropped });
  expect(back).toMatchObject({ rollingOrder: [`app-1: ${release}`, `app-2: ${release}`] });
  expect((await create({ ...back, __provider: "code" })).outs).toMatchObject({
    releases: { "app-1": release, "app-2": release },
  });
});

test("a jar of canaries that could not run is named as theirs", async () => {
  const { request } = await newFleet();
  const { path } = await fakeJar({ version: "1.0.0" });
  const canary = { hosts: ["app-2"], jar: { path: "/nowhere/app.jar" } };
  expect(await check({ olds: {}, news: { ...request, jar: { path }, canary } })).toEqual({
    failures: [
      {
        property: "canary.jar",
        reason: "expected a jar, found no file: /nowhere/app.jar. Nothing was changed.",
      },
    ],
  });
});

test("a roll warms hosts up and runs its hooks, whose output hides the application's secrets", async () => {
  const { request, hosts } = await newFleet({ PASSWORD: "hunter2hunter2" });
  const file = join(await temporaryDirectory(), "hooks");
  const tell = `printf '%s\\n' "$ROLLGATE_HOOK $ROLLGATE_STACK $ROLLGATE_HOST" >> ${file}`;
  const here = { command: tell, where: "deployer", deadlineSeconds: 20 } as const;
  const migrate = `${tell}; echo "$PASSWORD in $(pwd)"; ls "$ROLLGATE_JAR" > /dev/null`;
  const hooks = {
    beforeRoll: [here, { command: migrate, where: "first-host", deadlineSeconds: 20 }],
    beforeHost: [here],
    afterHost: [here],
    afterRoll: [here],
  };
  const warmUp = { paths: ["/", "/orders?page=1"], requests: 20, seconds: 10 };
  const { inputs } = await inputsFor({ ...request, hooks, warmUp, stack: "test" }, { version: "1.0.0" });
  await create(inputs);
  const written = (await readFile(file, "utf8")).trim().split("\n");
  expect(written.slice(0, 2)).toEqual(["beforeRoll test ", "beforeRoll test app-1"]);
  expect(written.slice(2, -1).toSorted()).toEqual([
    "afterHost test app-1",
    "afterHost test app-2",
    "beforeHost test app-1",
    "beforeHost test app-2",
  ]);
  expect(written.at(-1)).toBe("afterRoll test");
  const output = printed.join("\n");
  expect(output).toContain(`| [secret] in ${hosts[0]?.directory}/work`);
  expect(output).not.toContain("hunter2hunter2");
  expect(output.match(/warm-up +20 requests in \S+ s, the last took \d+ ms/g)).toHaveLength(2);
});

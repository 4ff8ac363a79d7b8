import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { NginxProxy } from "#rollout/nginx/nginxProxy.ts";
import { quitNginx } from "../../../../harness/nginxProcess.ts";
import { until } from "../../../../harness/until.ts";
import { localNginxAccess, localNginxServer } from "../../../support/nginx.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { SlotFleet } from "../../../support/slotFleet.ts";

const withNjs = useNjsNginx();

const FLEETS = {
  "stock nginx": async () => SlotFleet.start(2),
  "nginx's own checks": async (context: TestContext) => SlotFleet.checked(withNjs(context), 2),
} as const;
const FIRST = ["app-1", "app-2"] as const;
const SECOND = ["app-1_b", "app-2_b"] as const;

function folder(fleet: SlotFleet, ...path: readonly string[]): string {
  return join(fleet.settings.directory, ...path);
}

/** Whether requests go on to a slot whose flag was raised behind the back of the sum. */
async function takesShortcut(fleet: SlotFleet, slot: string): Promise<boolean> {
  const flag = folder(fleet, "drained", slot);
  await writeFile(flag, "");
  try {
    return (await fleet.served(24)).has(slot);
  } finally {
    await rm(flag);
  }
}

async function connectionAfter({ url }: SlotFleet): Promise<string | null> {
  const answer = await fetch(url);
  await answer.text();
  return answer.headers.get("connection");
}

async function atRest(fleet: SlotFleet, slots: readonly [string, string]): Promise<SlotFleet> {
  await fleet.admitOnly(...slots);
  await until(() => takesShortcut(fleet, slots[0]));
  return fleet;
}

describe.each(Object.entries(FLEETS))("before %s", (_, start) => {
  test.for([FIRST, SECOND])(
    "a fleet at rest in %s and %s costs no look at its flags",
    async (slots, context) => {
      const fleet = await atRest(await start(context), slots);
      expect(await fleet.served(48)).toEqual(new Set(slots));
    },
  );

  test.for([FIRST, SECOND])(
    "a drain takes effect with the next request, at rest in %s and %s",
    async (slots, context) => {
      const fleet = await atRest(await start(context), slots);
      const access = localNginxAccess(fleet.settings);
      for (const [drained, other] of [slots, slots.toReversed()] as [string, string][]) {
        await access.raiseFlag(drained);
        expect(await fleet.served(24)).toEqual(new Set([other]));
        await access.lowerFlag(drained);
        expect(await fleet.served(48)).toEqual(new Set(slots));
      }
      expect(await takesShortcut(fleet, slots[0])).toBe(true);
    },
  );

  test("flags count at once after a deployer that died before it had changed one", async (context) => {
    const fleet = await atRest(await start(context), FIRST);
    const flag = folder(fleet, "drained", "app-1");
    // No file can take the place of a folder.
    await mkdir(flag);
    await expect(localNginxAccess(fleet.settings).raiseFlag("app-1")).rejects.toThrow();
    await rm(flag, { recursive: true });
    expect(await takesShortcut(fleet, "app-1")).toBe(false);
    expect(await fleet.served(48)).toEqual(new Set(FIRST));
  });

  test("a flag raised by hand counts once the rollout has asked which slots are drained", async (context) => {
    const fleet = await atRest(await start(context), FIRST);
    await writeFile(folder(fleet, "drained", "app-2"), "");
    const proxy = new NginxProxy(localNginxAccess(fleet.settings));
    const drained = new Set(["app-1_b", "app-2", "app-2_b"]);
    for (const _ of [1, 2]) {
      expect(await proxy.drained(AbortSignal.timeout(5_000))).toEqual(drained);
      expect(await fleet.served(24)).toEqual(new Set(["app-1"]));
    }
  });

  test("no shortcut is taken while clients' connections are closed for a reload", async (context) => {
    const fleet = await atRest(await start(context), FIRST);
    const server = localNginxServer(fleet.settings);
    await server.closeConnections(true);
    expect(await connectionAfter(fleet)).toBe("close");
    await server.closeConnections(false);
    expect(await connectionAfter(fleet)).toBe("keep-alive");
    expect(await takesShortcut(fleet, "app-1")).toBe(true);
  });
});

describe("before nginx's own checks, a fleet at rest", () => {
  test("sends nothing more to a host from the moment it is down, and takes the shortcut again once it is up", async (context) => {
    const fleet = await atRest(await SlotFleet.checked(withNjs(context), 2), FIRST);
    await fleet.kill("app-1");
    await until(async () => !(await fleet.up()).has("app-1"));
    expect(await readdir(folder(fleet, "temp", "up"))).toEqual([]);
    expect(await fleet.served(24)).toEqual(new Set(["app-2"]));
    await fleet.listen(...fleet.hosts.slice(0, 1));
    await until(() => takesShortcut(fleet, "app-1"));
  });

  test("forgets with the first check after a crash what the one before said", async (context) => {
    const fleet = await atRest(await SlotFleet.checked(withNjs(context), 2), FIRST);
    const files = () => readdir(folder(fleet, "temp", "up"));
    const [file = ""] = await files();
    await quitNginx(fleet.settings.directory, 5);
    expect(await files()).toEqual([file]);
    await fleet.kill("app-1");
    await fleet.serve();
    await until(async () => (await files()).length === 0);
    await until(async () => (await fleet.served(24)).has("app-2") && !(await fleet.served(24)).has("app-1"));
  });

  test("is served without the shortcut where the files of the checks cannot be written", async (context) => {
    const fleet = await SlotFleet.checked(withNjs(context), 2);
    await rm(folder(fleet, "temp", "up"), { recursive: true });
    await writeFile(folder(fleet, "temp", "up"), "");
    await fleet.admitOnly(...FIRST);
    expect(await fleet.served(48)).toEqual(new Set(FIRST));
    expect(await takesShortcut(fleet, "app-1")).toBe(false);
  });
});

test("a host that is added is drained, and part of the shortcut once it is admitted", async () => {
  const fleet = await SlotFleet.start(3, {}, { slots: 1 });
  const [one, two, three] = fleet.hosts;
  if (!one || !two || !three) throw new Error("three hosts");
  await fleet.serve({ ...fleet.settings, hosts: [one, two] });
  fleet.fill("app-1", "app-2", "app-3");
  const access = localNginxAccess(fleet.settings);
  for (const { name } of fleet.hosts) await access.lowerFlag(name);
  expect(await takesShortcut(fleet, "app-1")).toBe(true);
  await fleet.serve();
  expect(await fleet.served(48)).toEqual(new Set(FIRST));
  await access.lowerFlag("app-3");
  expect(await fleet.served(48)).toEqual(new Set([...FIRST, "app-3"]));
  expect(await takesShortcut(fleet, "app-3")).toBe(true);
});

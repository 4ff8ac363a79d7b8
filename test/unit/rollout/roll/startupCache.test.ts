import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RollgateError } from "#rollout/common/errors.ts";
import type { AppHost } from "#rollout/host/appHost.ts";
import { MANIFEST, zip } from "../../../../harness/zip.ts";
import { type Before, FakeFleet, type PolicyChange } from "../../../support/fakeFleet.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const [OLD, NEW] = ["1.0.0", "1.1.0"];
const RUNS: Before = { runs: OLD };

type Cache = NonNullable<AppHost["startupCache"]>;

/** A cache that writes what is done to it into the journal; `archive` is what its Java could use. */
function cacheOf(fleet: FakeFleet, name: string, archive?: string, isThere = false): Cache {
  return {
    prepare: async (_release, unpacking) => {
      await fleet.record(`${unpacking ? "unpack" : "look at"} ${name}`);
      return { ...(archive === undefined ? { obstacle: "there is no jcmd" } : { archive }), isThere };
    },
    make: () => fleet.record(`make ${name}`),
    read: async (read) => {
      await fleet.record(`read ${name}`);
      return { sha256: `of ${name}`, compressed: Buffer.from(read) };
    },
    install: (_archive, { sha256 }) => fleet.record(`install ${sha256} in ${name}`),
  };
}

async function fleetOf(archives: Readonly<Record<string, string | undefined>>): Promise<FakeFleet> {
  const fleet = await FakeFleet.create(Object.fromEntries(Object.keys(archives).map((name) => [name, RUNS])));
  for (const [name, archive] of Object.entries(archives)) {
    fleet.host(name).startupCache = cacheOf(fleet, name, archive);
  }
  return fleet;
}

/** Rolls, and returns what was done but for the steps that don't matter here. */
async function rolled(fleet: FakeFleet, policy: PolicyChange = {}, signal?: AbortSignal) {
  const path = join(await temporaryDirectory(), "app.jar");
  const main = "Main-Class: org.springframework.boot.loader.launch.JarLauncher";
  const tools = "BOOT-INF/lib/spring-boot-jarmode-tools-3.5.16.jar";
  await writeFile(path, zip({ [MANIFEST]: `Manifest-Version: 1.0\r\n${main}\r\n\r\n`, [tools]: "" }));
  const { warnings } = await fleet.roll(NEW, {
    jar: { path, version: NEW, sha256: "" },
    policy: { startupCache: "auto", ...policy },
    ...(signal && { signal }),
  });
  const told = fleet.journal.filter((entry) => !/^(stage|settle|stop|switch|prune|mark)/.test(entry));
  return { journal: told, warnings };
}

test("an archive is made beside the first host, and the others get it before they are touched", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17", "app-3": "17" });
  const { journal, warnings } = await rolled(fleet);
  expect(journal.slice(0, 3).sort()).toEqual(["unpack app-1", "unpack app-2", "unpack app-3"]);
  expect(journal.slice(3, 7).sort()).toEqual(["admit app-1", "drain app-1", "make app-1", "start app-1"]);
  expect(journal.slice(7)).toEqual([
    "read app-1",
    "install of app-1 in app-2",
    "drain app-2",
    "start app-2",
    "admit app-2",
    "install of app-1 in app-3",
    "drain app-3",
    "start app-3",
    "admit app-3",
  ]);
  expect(warnings).toEqual([]);
  expect(fleet.messages("record", "app-1")).toEqual(["later starts will be faster"]);
});

test("the roll does not wait for an archive that is being made, and hosts that were started without get it at the end", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  const make = async () => {
    while (!fleet.journal.includes("admit app-2")) await setTimeout(5);
    await fleet.record("make app-1");
  };
  fleet.host("app-1").startupCache = { ...cacheOf(fleet, "app-1", "17"), make };
  const { journal } = await rolled(fleet);
  expect(journal.slice(-4)).toEqual(["admit app-2", "make app-1", "read app-1", "install of app-1 in app-2"]);
  expect(journal).not.toContain("make app-2");
});

test("a failed roll does not wait for an archive that is being made", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  let reason: unknown;
  const make: Cache["make"] = (_pid, _archive, signal) =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        reason = signal.reason;
        reject(signal.reason);
      });
    });
  fleet.host("app-1").startupCache = { ...cacheOf(fleet, "app-1", "17"), make };
  fleet.host("app-2").conduct[NEW] = "down";
  await expect(rolled(fleet, { health: { deadlineSeconds: 1 } })).rejects.toThrow("app-2");
  expect(reason).toEqual(new RollgateError("interrupted", "the roll is over"));
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
});

test("of hosts on one machine, the first unpacks, and the others copy from it", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17", "app-3": "17", "app-4": "17" });
  const [here, there] = [{ run: async () => "" }, { run: async () => "" }];
  for (const host of fleet.hosts.slice(0, 4)) {
    const cache: Cache = {
      ...cacheOf(fleet, host.name, "17"),
      machine: host.name === "app-4" ? there : here,
      prepare: async (_release, _unpacking, _time, _signal, beside) => {
        const from = fleet.hosts.find(({ startupCache }) => startupCache === beside)?.name;
        await fleet.record(beside ? `copy from ${from} to ${host.name}` : `unpack ${host.name}`);
        return { archive: "17", isThere: false };
      },
    };
    fleet.host(host.name).startupCache = cache;
  }
  const { journal } = await rolled(fleet);
  expect(journal.slice(0, journal.indexOf("drain app-1")).sort()).toEqual([
    "copy from app-1 to app-2",
    "copy from app-1 to app-3",
    "unpack app-1",
    "unpack app-4",
  ]);
});

test("hosts on one machine copy the classes, so that they are read once for each machine", async () => {
  const machines = { "app-1": "a", "app-2": "a", "app-3": "b", "app-4": "b" };
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17", "app-3": "17", "app-4": "17" });
  const placeOf = (cache: object) => fleet.hosts.find(({ startupCache }) => startupCache === cache)?.name;
  for (const [name, machine] of Object.entries(machines)) {
    const copyFrom = async (other: object) => {
      const from = placeOf(other);
      if (from === undefined || new Map(Object.entries(machines)).get(from) !== machine) return false;
      await fleet.record(`copy from ${from} to ${name}`);
      return true;
    };
    const cache = cacheOf(fleet, name, "17");
    const prepare: Cache["prepare"] = async (...args) => {
      // The order of answers must not matter.
      if (name === "app-1") await setTimeout(50);
      return cache.prepare(...args);
    };
    fleet.host(name).startupCache = { ...cache, prepare, copyFrom };
  }
  const { journal, warnings } = await rolled(fleet);
  expect(journal.filter((entry) => /make|read|install|copy/.test(entry))).toEqual([
    "make app-1",
    "copy from app-1 to app-2",
    "read app-1",
    "install of app-1 in app-3",
    "copy from app-3 to app-4",
  ]);
  expect(warnings).toEqual([]);
  expect(fleet.messages("stage", "app-2")).toContain("got the recorded classes");
});

test("a host that has the classes from an earlier roll gives them to the others, and none is made", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  fleet.host("app-2").startupCache = cacheOf(fleet, "app-2", "17", true);
  const { journal } = await rolled(fleet);
  expect(journal).toContain("install of app-2 in app-1");
  expect(journal.join()).not.toContain("make");
});

test("classes of another Java or of other options are of no use", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "21", "app-3": undefined });
  const { journal } = await rolled(fleet);
  expect(journal.filter((entry) => /make|install/.test(entry))).toEqual(["make app-1", "make app-2"]);
  expect(fleet.messages("stage")).toContain(
    "unpacked on 3 of 3 hosts, classes recorded on 0; no classes where there is no jcmd",
  );
});

test("of hosts that roll side by side one makes an archive, and the others get it for their next start", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  const { journal } = await rolled(fleet, { batch: [2], minimumHealthy: 0 });
  const [made] = journal.filter((entry) => entry.startsWith("make"));
  const other = made === "make app-1" ? "app-2" : "app-1";
  expect(journal.filter((entry) => /make|install/.test(entry))).toEqual([
    made,
    expect.stringMatching(new RegExp(`^install .* in ${other}$`)),
  ]);
});

test("whatever fails about the classes, the roll goes on without them and tells it", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  const [broken, damaged] = ["the JVM did not write them", "arrived damaged"].map((message) => async () => {
    throw new RollgateError("command-failed", message);
  });
  if (!broken || !damaged) return;
  fleet.host("app-1").startupCache = { ...cacheOf(fleet, "app-1", "17"), make: broken };
  fleet.host("app-2").startupCache = { ...cacheOf(fleet, "app-2", "21"), prepare: damaged };
  const { warnings } = await rolled(fleet);
  expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  expect(warnings).toEqual([
    "app-2 starts the release as it is: arrived damaged",
    "app-1 did not record its classes: the JVM did not write them",
  ]);
});

test("without the setting, nothing is unpacked", async () => {
  const fleet = await fleetOf({ "app-1": "17" });
  await fleet.roll(NEW);
  expect(fleet.journal).not.toContain("unpack app-1");
});

test("no archive is made on the way back", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
  fleet.host("app-2").conduct[NEW] = "down";
  await expect(rolled(fleet, { health: { deadlineSeconds: 1 } })).rejects.toThrow("app-2");
  expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
  expect(fleet.journal.filter((entry) => entry.startsWith("make"))).toEqual(["make app-1"]);
});

test("after the classes could not be read once, the next host gets them", async () => {
  const fleet = await fleetOf({ "app-1": "17", "app-2": "17", "app-3": "17" });
  const cache = cacheOf(fleet, "app-1", "17");
  let reads = 0;
  const read: Cache["read"] = async (...args) => {
    if (reads++ === 0) throw new RollgateError("machine-unreachable", "the connection broke");
    return cache.read(...args);
  };
  fleet.host("app-1").startupCache = { ...cache, read };
  const { journal, warnings } = await rolled(fleet);
  expect(warnings).toEqual(["app-2 did not get the recorded classes: the connection broke"]);
  expect(journal.filter((entry) => entry.startsWith("install"))).toEqual([
    "install of app-1 in app-3",
    // At the end, for its next start.
    "install of app-1 in app-2",
  ]);
});

describe("a roll that is asked to stop", () => {
  const stopped = (stop: AbortController) => async (signal?: AbortSignal) => {
    stop.abort(new RollgateError("interrupted", "the user pressed Ctrl-C"));
    return new Promise<never>((_, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  };

  test("unpacks nothing more, and touches no host", async () => {
    const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
    const stop = new AbortController();
    const wait = stopped(stop);
    fleet.host("app-1").startupCache = {
      ...cacheOf(fleet, "app-1", "17"),
      prepare: (_release, _unpacking, _time, signal) => wait(signal),
    };
    await expect(rolled(fleet, {}, stop.signal)).rejects.toThrow("the user pressed Ctrl-C");
    expect(fleet.state).toEqual({ "app-1": OLD, "app-2": OLD });
    expect(fleet.journal).not.toContain("drain app-1");
  });

  test("brings no classes to the next host, which it does not touch either", async () => {
    const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
    const stop = new AbortController();
    const wait = stopped(stop);
    fleet.host("app-2").startupCache = {
      ...cacheOf(fleet, "app-2", "17"),
      install: (_archive, _classes, signal) => wait(signal),
    };
    await expect(rolled(fleet, {}, stop.signal)).rejects.toThrow("the user pressed Ctrl-C");
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": OLD });
    expect(fleet.journal).not.toContain("drain app-2");
  });

  test("makes no archive beside the host that it still has to finish", async () => {
    const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
    const stop = new AbortController();
    fleet.when("start app-1", () => stop.abort(new RollgateError("interrupted", "the user pressed Ctrl-C")));
    await expect(rolled(fleet, {}, stop.signal)).rejects.toThrow("the user pressed Ctrl-C");
    expect(fleet.journal).toContain("admit app-1");
    expect(fleet.journal).not.toContain("make app-1");
  });

  test("waits no longer for an archive", async () => {
    const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
    const stop = new AbortController();
    const wait = stopped(stop);
    fleet.host("app-1").startupCache = {
      ...cacheOf(fleet, "app-1", "17"),
      make: (_pid, _archive, signal) => wait(signal),
    };
    await expect(rolled(fleet, {}, stop.signal)).rejects.toThrow("the user pressed Ctrl-C");
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": OLD });
    expect(fleet.messages("record", "app-1")).toEqual(["later starts will be as slow"]);
  });

  test("ends at once if only classes for later starts are left to be brought", async () => {
    const fleet = await fleetOf({ "app-1": "17", "app-2": "17" });
    const stop = new AbortController();
    const wait = stopped(stop);
    for (const name of ["app-1", "app-2"]) {
      fleet.host(name).startupCache = {
        ...cacheOf(fleet, name, "17"),
        install: (_archive, _classes, signal) => wait(signal),
      };
    }
    await rolled(fleet, { batch: [2], minimumHealthy: 0 }, stop.signal);
    expect(fleet.state).toEqual({ "app-1": NEW, "app-2": NEW });
  });
});

import { expect, onTestFinished, test, vi } from "vitest";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";

const { signal } = new AbortController();
const JAR = Object({ path: "/srv/app.jar" });

/** A host that writes down when it is asked for a release, and when it gets one. */
function hostWith(...releases: string[]) {
  const journal: string[] = [];
  const files = {
    holds: async (id: string) => {
      journal.push(`look for ${id}`);
      return releases.includes(id);
    },
    describe: async () => ({ releases }),
    stage: async (id: string) => void journal.push(`stage ${id}`),
  };
  const supervisor = { preflight: async () => {}, portOwner: async () => ({ kind: "nobody" }) };
  const parts = {
    place: { name: "app-1" },
    supervisor,
    health: { preflight: async () => {} },
    files,
    tasks: {},
  };
  const policy = { launch: {}, environment: {}, uploads: (work: () => Promise<void>) => work() };
  return { host: new MachineAppHost(Object(parts), Object(policy)), releases, journal };
}

test("a release is looked for beside the preflight, and not staged if it is there", async () => {
  const { host, journal } = hostWith("1.1.0");
  await host.preflight(signal, "1.1.0");
  expect(journal).toEqual(["look for 1.1.0"]);
  await host.stage("1.1.0", JAR, signal);
  await host.stage("1.1.0", undefined, signal);
  expect(journal).toEqual(["look for 1.1.0", "look for 1.1.0"]);
});

test("a release that wasn't there is staged, as is another one", async () => {
  const { host, journal } = hostWith("1.1.0");
  await host.preflight(signal, "1.2.0");
  await host.stage("1.2.0", JAR, signal);
  await host.preflight(signal, "1.1.0");
  await host.stage("1.2.0", JAR, signal);
  expect(journal).toEqual(["look for 1.2.0", "stage 1.2.0", "look for 1.1.0", "stage 1.2.0"]);
});

test("a release that somebody has removed since is staged", async () => {
  const { host, releases, journal } = hostWith("1.1.0");
  await host.preflight(signal, "1.1.0");
  releases.pop();
  await host.stage("1.1.0", JAR, signal);
  expect(journal).toEqual(["look for 1.1.0", "stage 1.1.0"]);
});

test("a release that was there a while ago is looked for again", async () => {
  const { host, journal } = hostWith("1.1.0");
  await host.preflight(signal, "1.1.0");
  const now = performance.now() + 1_500;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  await host.stage("1.1.0", JAR, signal);
  expect(journal).toEqual(["look for 1.1.0", "stage 1.1.0"]);
});

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { imageOf } from "#kinds/kubernetes/imageOf.ts";
import { RollFailed } from "#rollout/common/errors.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import type { Behaviour } from "../../harness/fakeApplication.ts";
import { kubectl, noCluster, startCluster } from "../../harness/kubernetes/kubernetesCluster.ts";
import { Traffic } from "../../harness/traffic.ts";
import { LIMITS } from "../support/analysisLimits.ts";
import { FAKE, PodFleet } from "../support/kubernetes/podFleet.ts";
import { importFakeReleases, sourceOf } from "../support/kubernetes/podImages.ts";
import { validRequest } from "../support/rollRequest.ts";

/** By the digit of their hashes. */
const RELEASES: Readonly<Record<string, Behaviour>> = {
  a: { version: "1.0.0" },
  b: { version: "1.1.0" },
  c: { version: "2.0.0", health: "DOWN" },
  d: { version: "3.0.0", exits: 1 },
  e: { version: "4.0.0", failsEvery: 2 },
};
const [OLD, NEW] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb"];
const imageNamed = (release: string) => imageOf(sourceOf(FAKE.repository), release, undefined);
const { timing, health } = validRequest();
const longSoak = { ...timing, soakSeconds: 30 };
const reason = (await noCluster()) ?? (await noDocker());

// Needs a cluster, which `npm run test:cluster` builds.
describe.skipIf(reason !== undefined)(
  `on Kubernetes${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let fleet: PodFleet;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      stop = await startCluster();
      await importFakeReleases(FAKE.repository, RELEASES);
      fleet = await PodFleet.create("rolls", 30030);
      await fleet.roll(OLD);
    }, 300_000);

    afterAll(async () => {
      await fleet?.remove();
      await stop?.();
    }, 120_000);

    /** Without kept connections, since the application cuts requests when it is asked to stop. */
    async function underLoad(work: () => Promise<unknown>) {
      const traffic = new Traffic(fleet.url, 50, { pipelining: 0 });
      try {
        await work();
      } finally {
        expect((await traffic.stop()).lost).toEqual([]);
      }
    }

    async function failureOf(
      release: string,
      changes: Parameters<PodFleet["roll"]>[1] = {},
    ): Promise<RollFailed> {
      const failure = await fleet.roll(release, changes).catch((error: unknown) => error);
      if (failure instanceof RollFailed) return failure;
      throw new Error(`${release} did not fail: ${failure}`);
    }

    test("pods pass their gates one after the other, without a lost request, and are not touched again", async () => {
      fleet.lines.length = 0;
      let rolled: readonly { readonly host: string }[] = [];
      await underLoad(async () => {
        ({ rolled } = await fleet.roll(NEW));
      });
      expect(rolled).toHaveLength(3);
      for (const { host } of rolled) {
        const phases = fleet.lines
          .map((line) => line.slice(10).split(/ +/))
          .filter(([its]) => its === host)
          .map(([, phase]) => phase);
        expect(phases).toEqual(["start", "health", "admit", "soak"]);
      }
      const soaked = fleet.lines.findIndex((line) => / soak +stayed healthy/.test(line));
      expect(
        fleet.lines.filter((line) => / admit /.test(line)).indexOf(fleet.lines[soaked - 1] ?? ""),
      ).not.toBe(2);
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${NEW}`] });
      expect((await fleet.roll(NEW)).rolled).toEqual([]);
    });

    test("a release that never becomes ready is taken back without a lost request", () =>
      underLoad(async () => {
        const failure = await failureOf("2.0.0-cccccccccccc", { health: { ...health, deadlineSeconds: 6 } });
        expect(failure.message).toMatch(
          /^market failed its health gate on 2\.0\.0-c+: market-\S+ was not ready for 6 s; market went back to 1\.1\.0-b+\. Now: market serves 1\.1\.0-b+ with 3 pods\.$/,
        );
        expect(failure.evidence).toContainEqual(expect.stringContaining("statuscode: 503"));
      }));

    test("a release that ends by itself is taken back at once, and its last words are told", () =>
      underLoad(async () => {
        const failure = await failureOf("3.0.0-dddddddddddd");
        expect(failure.message).toContain("ended by itself, exit code 1; market went back to 1.1.0-");
        expect(failure.evidence).toContain("Error: this application cannot start");
      }));

    test("a release without an image is taken back at once", async () => {
      const failure = await failureOf("9.9.9-ffffffffffff");
      expect(failure.message).toContain("can't start: ErrImageNeverPull");
      expect(failure.message).toContain("Now: market serves 1.1.0-bbbbbbbbbbbb with 3 pods");
    });

    test("a release that is ready but fails requests is found out by probes and taken back", async () => {
      const failure = await failureOf("4.0.0-eeeeeeeeeeee", {
        timing: longSoak,
        analysis: { ...LIMITS, minimumRequests: 30 },
        probeTraffic: { path: "/hello", requestsPerSecond: 40 },
      });
      expect(failure.message).toMatch(/failed its soak gate on 4\.0\.0.*by probe requests: .* failed/);
      expect(failure.message).toContain("market went back to 1.1.0-");
    });

    test("after halt, Kubernetes replaces no further pod until the next roll goes on", async () => {
      const failure = await failureOf("3.0.0-dddddddddddd", { onFailure: "halt" });
      expect(failure.message).toContain("no further pod is replaced until the next roll");
      const [line] = (await fleet.survey()).rollingOrder;
      expect(line).toContain("market: 3.0.0-dddddddddddd, paused, 0 of 3 pods serving");
      await fleet.roll(NEW);
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${NEW}`] });
    });

    test("what a deployer has begun when it is killed, the next one finishes", async () => {
      const script = join(import.meta.dirname, "..", "support", "kubernetes", "podRoller.ts");
      const deployer = spawn(process.execPath, [script, "rolls", "30030", OLD]);
      for await (const line of createInterface(deployer.stdout)) if (/ admit /.test(line)) break;
      deployer.kill("SIGKILL");
      fleet.lines.length = 0;
      await fleet.roll(OLD);
      expect(fleet.lines.join("\n")).toContain("3 pods of 1.0.0-aaaaaaaaaaaa serve");
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${OLD}`] });
    });

    test("a second deployer is turned away, and the first one stops when asked to", async () => {
      const first = failureOf(NEW, { timing: longSoak });
      await expect.poll(() => fleet.lines.join("\n"), { timeout: 20_000 }).toContain("in place of 1.0.0");
      const second = await failureOf(NEW, { owner: "eve@build-3 (pid 3)" });
      expect(second.message).toMatch(
        /^ann@build-1 \(pid 1\) has been rolling this fleet since .*No pod was touched\.$/,
      );
      await fleet.kubectl("annotate", "lease", "market", "rollgate/stop=yes");
      expect((await first).message).toContain("the roll was stopped: someone asked the roll to stop");
      await fleet.roll(OLD);
    });

    test("replicas, image and environment that were changed by hand show, and the next roll heals them", async () => {
      await fleet.kubectl("set", "env", "deployment/market", "DEBUG=1");
      await fleet.kubectl("scale", "deployment/market", "--replicas=2");
      await fleet.kubectl("set", "image", "deployment/market", `app=${imageNamed(NEW)}`);
      const [line] = (await fleet.survey()).rollingOrder;
      expect(line).toContain(
        `market: ${OLD}, 2 replicas instead of 3, image ${imageNamed(NEW)} instead of ${imageNamed(OLD)}, another environment`,
      );
      await fleet.roll(OLD);
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${OLD}`] });
      expect(await fleet.kubectl("get", "deployment", "market", "-o", "yaml")).not.toContain("DEBUG");
    });

    test("the way back brings back the old environment, too", async () => {
      await fleet.roll(OLD, { environment: { COLOUR: "blue" } });
      await failureOf("3.0.0-dddddddddddd", { environment: { COLOUR: "red" } });
      const answer = await fetch(`${fleet.url}/hello`, { headers: { connection: "close" } });
      expect(await answer.json()).toMatchObject({ version: "1.0.0", environment: { COLOUR: "blue" } });
    });

    test("a node that is drained during a roll costs no request", () =>
      underLoad(async () => {
        const rolling = fleet.roll(NEW);
        await expect.poll(() => fleet.lines.at(-1), { timeout: 30_000 }).toContain(" admit ");
        const drained = kubectl(
          "drain",
          "node-1",
          "--ignore-daemonsets",
          "--force",
          "--delete-emptydir-data",
          "--pod-selector=app.kubernetes.io/name=market",
          "--timeout=8s",
        );
        await expect(drained).rejects.toThrow(/disruption budget/);
        await kubectl("uncordon", "node-1");
        await rolling;
        expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${NEW}`] });
      }));

    test("stacks in other namespaces roll at the same time and do not meet, and a removed one leaves nothing", async () => {
      const other = await PodFleet.create("rolls-too", 30031);
      await Promise.all([other.roll(OLD), fleet.roll(OLD)]);
      expect(await other.kubectl("get", "deployment,secret,lease", "-o", "name")).toContain(
        "deployment.apps/market",
      );
      await other.remove();
      expect(await other.kubectl("get", "deployment,secret,lease", "-o", "name")).toBe("");
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${OLD}`] });
    });
  },
);

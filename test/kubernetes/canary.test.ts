import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { kubectl, noCluster, startCluster } from "../../harness/kubernetes/kubernetesCluster.ts";
import { Traffic } from "../../harness/traffic.ts";
import { LIMITS } from "../support/analysisLimits.ts";
import { FAKE, PodFleet, type PodRoll } from "../support/kubernetes/podFleet.ts";
import { importFakeReleases } from "../support/kubernetes/podImages.ts";
import { validRequest } from "../support/rollRequest.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

/** By the digit of their hashes. */
const RELEASES = {
  a: { version: "1.0.0" },
  b: { version: "1.1.0" },
  d: { version: "3.0.0", exits: 1 },
  e: { version: "4.0.0", failsEvery: 2 },
};
const PODS = "app.kubernetes.io/name=market";
const [OLD, NEW, BAD, FAILING] = [
  "1.0.0-aaaaaaaaaaaa",
  "1.1.0-bbbbbbbbbbbb",
  "3.0.0-dddddddddddd",
  "4.0.0-eeeeeeeeeeee",
];
const NODE_PORT = 30034;
const { hooks: _, ...policy } = validRequest();
const reason = (await noCluster()) ?? (await noDocker());

// Needs a cluster, which `npm run test:cluster` builds.
describe.skipIf(reason !== undefined)(
  `a canary and hooks on Kubernetes${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let fleet: PodFleet;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      stop = await startCluster();
      await importFakeReleases(FAKE.repository, RELEASES);
      fleet = await PodFleet.create("canaries", NODE_PORT);
      await fleet.roll(OLD);
    }, 300_000);

    afterAll(async () => {
      await fleet?.remove();
      await stop?.();
    }, 120_000);

    /** Without kept connections, which would stay with their pods; returns how many answers each version gave. */
    async function underLoad(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
      const traffic = new Traffic(fleet.url, 50, { pipelining: 0 });
      const [ended] = await Promise.allSettled([work()]);
      const { lost, versions } = await traffic.stop();
      if (ended.status === "rejected") throw ended.reason;
      expect(lost).toEqual([]);
      return versions;
    }

    async function failureOf(release: string, changes: PodRoll): Promise<RollFailed> {
      const failure = await fleet.roll(release, changes).catch((error: unknown) => error);
      if (failure instanceof RollFailed) return failure;
      throw new Error(`${release} did not fail`, { cause: failure });
    }

    const lines = async (canary?: string) =>
      (await fleet.survey(canary === undefined ? {} : { canary })).rollingOrder;

    /** The pods that are there and not about to go, by their releases. */
    async function podsOf(release: string): Promise<string[]> {
      const { items } = JSON.parse(await fleet.kubectl("get", "pods", "-l", PODS, "-o", "json"));
      const all: readonly { readonly metadata: Readonly<Record<string, never>> }[] = items;
      return all
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .filter(({ metadata }) => Object(metadata.annotations)["rollgate/release"] === release)
        .map(({ metadata }) => String(metadata.name));
    }

    test("a canary takes one of three pods and its share of the requests, and nothing is lost", async () => {
      const old = await podsOf(OLD);
      await underLoad(() => fleet.roll(OLD, { canary: NEW, replicas: 2 }));
      expect(await lines(NEW)).toEqual([`market-canary: ${NEW}`, `market: ${OLD}`]);
      expect((await podsOf(OLD)).every((pod) => old.includes(pod))).toBe(true);
      const versions = await underLoad(() => new Promise((resolve) => setTimeout(resolve, 6_000)));
      const [ofOld = 0, ofNew = 0] = [versions["1.0.0"], versions["1.1.0"]];
      expect(ofNew / (ofOld + ofNew)).toBeGreaterThan(0.2);
      expect(ofNew / (ofOld + ofNew)).toBeLessThan(0.5);
      expect((await fleet.roll(OLD, { canary: NEW, replicas: 2 })).rolled).toEqual([]);
      // It watched.
      expect(fleet.lines.join("\n")).not.toContain("asks twice a second");
    });

    test("a canary that somebody deleted shows, and the next roll heals it", async () => {
      await fleet.kubectl("delete", "deployment", "market-canary", "--wait=true");
      expect(await lines(NEW)).toEqual(["market-canary: nothing", `market: ${OLD}`]);
      await fleet.roll(OLD, { canary: NEW, replicas: 2 });
      await fleet.kubectl("scale", "deployment/market-canary", "--replicas=2");
      expect((await lines(NEW))[0]).toContain(`market-canary: ${NEW}, 2 replicas instead of 1`);
      await fleet.roll(OLD, { canary: NEW, replicas: 2 });
      expect(await lines(NEW)).toEqual([`market-canary: ${NEW}`, `market: ${OLD}`]);
    });

    test("a second canary that fails gives way to the first one, and the others are not touched", async () => {
      const before = await podsOf(OLD);
      await underLoad(async () => {
        const { message } = await failureOf(OLD, { canary: BAD, replicas: 2 });
        expect(message).toContain(
          "ended by itself, exit code 1; market-canary went back to 1.1.0-bbbbbbbbbbbb; market was not touched. Now: market-canary serves 1.1.0-bbbbbbbbbbbb with 1 pod; market serves 1.0.0-aaaaaaaaaaaa with 2 pods.",
        );
      });
      expect(await podsOf(OLD)).toEqual(before);
    });

    test("a promoted canary is on all pods, and then it goes, without a lost request", async () => {
      await underLoad(() => fleet.roll(NEW));
      expect(await lines()).toEqual([`market: ${NEW}`]);
      expect(await podsOf(NEW)).toHaveLength(3);
      expect(await fleet.kubectl("get", "deployment", "-o", "name")).toBe("deployment.apps/market\n");
    });

    test("a first canary that fails is removed, and no other pod was touched", async () => {
      const before = await podsOf(NEW);
      await underLoad(async () => {
        const { message, evidence } = await failureOf(NEW, { canary: BAD, replicas: 2 });
        expect(message).toContain("; market-canary was removed; market was not touched. Now: market serves");
        expect(evidence).toContain("Error: this application cannot start");
      });
      expect(await podsOf(NEW)).toEqual(before);
    });

    test("a canary that is ready but fails requests is held against the others by probes, and removed", async () => {
      const { message } = await failureOf(NEW, {
        ...{ canary: FAILING, replicas: 2, timing: { ...policy.timing, soakSeconds: 30 } },
        ...{ analysis: { ...LIMITS, minimumRequests: 30 } },
        probeTraffic: { path: "/hello", requestsPerSecond: 40 },
      });
      expect(message).toMatch(/^market-canary failed its soak gate on 4\.0\.0.*by probe requests: .* failed/);
      expect(message).toContain("with the old release");
      expect(message).toContain("; market-canary was removed; market was not touched. Now: market serves");
    });

    test("a canary whose deployer was killed shows, is finished by the next roll, and can be given up", async () => {
      const script = join(import.meta.dirname, "..", "support", "kubernetes", "podRoller.ts");
      const deployer = spawn(process.execPath, [script, "canaries", String(NODE_PORT), NEW, OLD], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      for await (const line of createInterface(deployer.stdout)) if (/ admit /.test(line)) break;
      deployer.kill("SIGKILL");
      expect(await lines()).toHaveLength(2);
      await fleet.roll(NEW, { canary: OLD, replicas: 2 });
      expect(await lines(OLD)).toEqual([`market-canary: ${OLD}`, `market: ${NEW}`]);
      await underLoad(() => fleet.roll(NEW));
      expect(await lines()).toEqual([`market: ${NEW}`]);
      expect(await podsOf(NEW)).toHaveLength(3);
    });

    test("a node may be drained of one pod at a time, the canary among them", async () => {
      await fleet.roll(NEW, { canary: OLD, replicas: 2 });
      const drained = kubectl(
        "drain",
        "node-1",
        "--force",
        "--delete-emptydir-data",
        `--pod-selector=${PODS}`,
        "--timeout=8s",
      );
      await expect(drained).rejects.toThrow(/disruption budget/);
      await kubectl("uncordon", "node-1");
      await fleet.roll(NEW);
    });

    const here = (command: string) => ({ command, where: "deployer", deadlineSeconds: 30 }) as const;
    const there = (command: string, deadlineSeconds = 30) =>
      ({ command, where: "first-host", deadlineSeconds }) as const;

    test("a hook for the first host runs once in a Job, with the environment and the release, before a pod is touched", async () => {
      fleet.lines.length = 0;
      const command =
        'echo "$ROLLGATE_HOOK $ROLLGATE_RELEASE_FROM to $ROLLGATE_RELEASE on $ROLLGATE_HOST, $COLOUR"';
      await fleet.roll(OLD, {
        environment: { COLOUR: "blue" },
        hooks: { beforeRoll: [there(command)], afterRoll: [there("echo all done")] },
      });
      const told = fleet.lines.filter((line) => / hook /.test(line)).map((line) => line.slice(10));
      expect(told.join("\n")).toContain(`| beforeRoll ${NEW} to ${OLD} on market, blue`);
      expect(told.join("\n")).toContain("| all done");
      const at = (part: string) => fleet.lines.findIndex((line) => line.includes(part));
      expect(at("beforeRoll: done in")).toBeLessThan(at("in place of"));
      expect(await fleet.kubectl("get", "jobs", "-o", "name")).toBe("");
      fleet.lines.length = 0;
      await fleet.roll(OLD, { environment: { COLOUR: "blue" }, hooks: { beforeRoll: [there("false")] } });
      expect(fleet.lines.join("\n")).not.toContain(" hook ");
    });

    test("a hook that fails or takes too long fails the roll, and no pod was touched", async () => {
      const before = await podsOf(OLD);
      const environment = { COLOUR: "blue" };
      const failing = there('echo "no such table"; exit 3');
      const failed = await failureOf(NEW, { environment, hooks: { beforeRoll: [failing] } });
      expect(failed.message).toMatch(
        /^the beforeRoll hook "echo .* failed with exit code 3: no such table\. No pod was touched\.$/,
      );
      expect(failed.evidence).toEqual(["no such table"]);
      const slow = await failureOf(NEW, { environment, hooks: { beforeRoll: [there("sleep 60", 3)] } });
      expect(slow.message).toContain('"sleep 60" was ended after 3 s (deadlineSeconds)');
      expect(await podsOf(OLD)).toEqual(before);
      expect(await fleet.kubectl("get", "jobs,pods", "-l", "job-name=market-hook", "-o", "name")).toBe("");
    });

    test("a hook whose Job gets no pod fails at once, with the reason", async () => {
      const began = performance.now();
      const metadata = { name: "full" };
      await fleet.create([
        { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { pods: "3" } } },
      ]);
      const failed = await failureOf(NEW, { hooks: { beforeRoll: [there("true", 120)] } });
      await fleet.kubectl("delete", "resourcequota", "full");
      expect(failed.message).toMatch(
        /could not be run: Job market-hook gets no pod: .*quota.*\. No pod was touched\.$/,
      );
      expect(performance.now() - began).toBeLessThan(60_000);
    });

    test("a failed roll tells the deployer's hook which pod failed, and why", async () => {
      const file = join(await temporaryDirectory(), "told");
      const onFailure = [here(`echo "$ROLLGATE_PHASE $ROLLGATE_HOST: $ROLLGATE_FAILURE" > ${file}`)];
      await failureOf(BAD, { hooks: { onFailure }, timing: policy.timing });
      expect(await readFile(file, "utf8")).toMatch(
        /^\S+ market-\w+-\w+: market failed its \S+ gate on 3\.0\.0-d+: .*market went back to 1\.0\.0-a+\./,
      );
    });
  },
);

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RollFailed } from "#rollout/common/errors.ts";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { noCluster, startCluster } from "../../harness/kubernetes/kubernetesCluster.ts";
import { Traffic, type TrafficReport } from "../../harness/traffic.ts";
import { LIMITS } from "../support/analysisLimits.ts";
import { nginxBefore } from "../support/kubernetes/nginxFleet.ts";
import { FAKE, PodFleet } from "../support/kubernetes/podFleet.ts";
import { importFakeReleases } from "../support/kubernetes/podImages.ts";
import { validRequest } from "../support/rollRequest.ts";

type Json = ReturnType<typeof JSON.parse>;

/** By the digit of their hashes. */
const RELEASES = {
  a: { version: "1.0.0" },
  b: { version: "1.1.0" },
  c: { version: "5.0.0", failsEvery: 20 },
};
const [OLD, NEW, FAILING] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb", "5.0.0-cccccccccccc"];
const { timing } = validRequest();
const reason = (await noCluster()) ?? (await noDocker());

describe.skipIf(reason !== undefined)(
  `our nginx in front of pods${reason ? ` (${reason})` : ""}`,
  { timeout: 180_000 },
  () => {
    let fleet: PodFleet;
    let stop: () => Promise<void>;
    let url: string;

    beforeAll(async () => {
      stop = await startCluster();
      const { nginx } = await baseImages();
      await importFakeReleases(FAKE.repository, RELEASES, [nginx]);
      fleet = await PodFleet.create("fronted", 30032);
      url = await nginxBefore(fleet, nginx, 30033, "fronted");
      await fleet.roll(OLD);
    }, 300_000);

    afterAll(async () => {
      await fleet?.remove();
      await stop?.();
    }, 120_000);

    async function underLoad<T>(
      requestsPerSecond: number,
      work: () => Promise<T>,
    ): Promise<[T, TrafficReport]> {
      const traffic = new Traffic(url, requestsPerSecond);
      try {
        const result = await work();
        return [result, await traffic.stop()];
      } finally {
        await traffic.stop();
      }
    }

    test("a roll loses no request of clients that keep their connections, and nginx counts every one", async () => {
      const [{ ledger, rolled }, { sent, lost }] = await underLoad(100, () => fleet.roll(NEW));
      expect(lost).toEqual([]);
      expect(rolled).toHaveLength(3);
      expect(ledger).toMatchObject({ lost: 0, errors: 0 });
      expect(ledger?.requests).toBeGreaterThan(sent * 0.8);
      expect(ledger?.requests).toBeLessThanOrEqual(sent);
      expect(fleet.lines.join("\n")).toMatch(/ done +[\d,]+ requests, 0 lost \(no 502\/503\/504 from nginx/);
    });

    test("a release that fails one request in twenty is found out by the ledger and taken back", async () => {
      const analysis = { ...LIMITS, minimumRequests: 100 };
      const [failure] = await underLoad(100, () =>
        fleet
          .roll(FAILING, { timing: { ...timing, soakSeconds: 30 }, analysis })
          .catch((error: unknown) => error),
      );
      expect(failure).toBeInstanceOf(RollFailed);
      expect(String(failure)).toMatch(/failed its soak gate on 5\.0\.0.*market went back to 1\.1\.0-/);
      expect(String(failure)).toMatch(/errors? from 5\.0\.0-c+/);
    });

    test("an nginx that may not ask for pods goes on with those it knows, and no roll begins before it may", async () => {
      const get = ["get", "rolebinding", "market-nginx", "-o", "json"];
      const { roleRef, subjects, metadata }: Json = JSON.parse(await fleet.kubectl(...get));
      const [failure, { lost }] = await underLoad(100, async () => {
        await fleet.kubectl("delete", "rolebinding", "market-nginx");
        await new Promise((resolve) => setTimeout(resolve, 20_000));
        return fleet.roll(OLD).catch((error: unknown) => error);
      });
      expect(lost).toEqual([]);
      expect(String(failure)).toMatch(
        /pod market-nginx-\S+ has not got the list of pods from the cluster's API for \d+ s \(it answered 403, .*\. No pod was touched\.$/,
      );
      const { name, labels } = metadata;
      await fleet.create([
        {
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: { name, labels },
          roleRef,
          subjects,
        },
      ]);
      const [{ rolled }, after] = await underLoad(100, () => fleet.roll(OLD));
      expect([rolled.length, after.lost]).toEqual([3, []]);
    });

    test("an nginx that is replaced costs no request", async () => {
      const [, { lost }] = await underLoad(100, async () => {
        await fleet.kubectl("rollout", "restart", "deployment/market-nginx");
        await fleet.kubectl("rollout", "status", "deployment/market-nginx", "--timeout=90s");
      });
      expect(lost).toEqual([]);
    });
  },
);

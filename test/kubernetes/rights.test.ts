import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messageOf } from "#rollout/common/errors.ts";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { importImages, noCluster, startCluster } from "../../harness/kubernetes/kubernetesCluster.ts";
import { LIMITS } from "../support/analysisLimits.ts";
import { nodeAppImage } from "../support/docker/nodeAppImage.ts";
import { FAKE, PodFleet } from "../support/kubernetes/podFleet.ts";
import { fakeReleaseImage } from "../support/kubernetes/podImages.ts";
import { restrictedAccount } from "../support/kubernetes/restrictedAccount.ts";

const [OLD, NEW, BAD] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb", "3.0.0-dddddddddddd"];
const reason = (await noCluster()) ?? (await noDocker());

describe.skipIf(reason !== undefined)(
  `an account on Kubernetes${reason ? ` (${reason})` : ""}`,
  { timeout: 120_000 },
  () => {
    let administrators: PodFleet;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      stop = await startCluster();
      const { image } = await nodeAppImage((await baseImages()).jre);
      await importImages([
        await fakeReleaseImage(image, FAKE.repository, { version: "1.0.0" }, "a"),
        await fakeReleaseImage(image, FAKE.repository, { version: "1.1.0" }, "b"),
        await fakeReleaseImage(image, FAKE.repository, { version: "3.0.0", exits: 1 }, "d"),
      ]);
      administrators = await PodFleet.create("rights", 30034);
    }, 300_000);

    afterAll(async () => {
      await administrators?.remove();
      await stop?.();
    }, 120_000);

    async function fleetOf(account: string, ...without: readonly string[]): Promise<PodFleet> {
      return PodFleet.at("rights", 30034, FAKE, await restrictedAccount("rights", account, ...without));
    }

    test("with the rights of docs/kubernetes.md, rolls, goes back, shows and heals drift, and removes it all", async () => {
      const fleet = await fleetOf("deployer");
      await fleet.roll(OLD);
      const probeTraffic = { path: "/hello", requestsPerSecond: 20 };
      await fleet.roll(NEW, {
        environment: { COLOUR: "red" },
        analysis: { ...LIMITS, minimumRequests: 10 },
        probeTraffic,
      });
      const failure = await fleet.roll(BAD).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringContaining(`went back to ${NEW}. Now: market serves ${NEW} with 3 pods`),
        evidence: expect.arrayContaining(["Error: this application cannot start"]),
      });
      expect(Object(failure).evidence.join("\n")).not.toContain("could not be read");
      await administrators.kubectl("scale", "deployment/market", "--replicas=2");
      expect((await fleet.survey()).rollingOrder[0]).toContain("2 replicas instead of 3");
      await fleet.roll(NEW);
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${NEW}`] });
      expect(fleet.lines.filter((line) => line.includes(" warning "))).toEqual([]);
      await fleet.removeWorkload();
      expect(await fleet.kubectl("get", "deployment,secret,lease", "-o", "name")).toBe("");
    });

    test.each(["create deployments", "create secrets", "update leases", "list endpointslices"])(
      "without the right to %s, nothing is touched",
      async (right) => {
        const fleet = await fleetOf(right.replace(" ", "-"), right);
        expect(await fleet.roll(OLD).then(() => "no failure", messageOf)).toBe(
          `expected an account that may ${right} in namespace rights, got one that may not. No pod was touched.`,
        );
        expect(await fleet.kubectl("get", "deployment,secret,lease", "-o", "name")).toBe("");
      },
    );

    test("without the right to delete Secrets, nothing is removed", async () => {
      const fleet = await fleetOf("keeper", "deletecollection secrets");
      await fleet.roll(OLD);
      await expect(fleet.removeWorkload()).rejects.toThrow(
        "expected an account that may deletecollection secrets in namespace rights, got one that may not",
      );
      expect(await fleet.survey()).toMatchObject({ rollingOrder: [`market: ${OLD}`] });
    });
  },
);

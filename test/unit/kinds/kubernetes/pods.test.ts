import type { V1Deployment } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { lookAt, type PodView } from "#kinds/kubernetes/look.ts";
import { driftOf } from "#kinds/kubernetes/manifest.ts";
import { environmentSecretOf } from "#kinds/kubernetes/names.ts";
import { failureOf } from "#kinds/kubernetes/podFailure.ts";
import { fakeCluster } from "../../../support/kubernetes/fakeCluster.ts";

const POD: PodView = {
  name: "market-1",
  hash: "abc",
  release: "1.1.0-bbbbbbbbbbbb",
  address: "10.0.0.7",
  port: 8080,
  node: "node-1",
  isReady: false,
  serves: false,
  isEnding: false,
  restarts: 0,
  state: { running: {} },
  lastState: undefined,
  unschedulable: undefined,
};

test("a pod fails once its application has ended, whether or not Kubernetes has started it again", () => {
  expect(failureOf(POD, "health", 0)).toBeUndefined();
  const terminated = { exitCode: 137, reason: "OOMKilled" };
  for (const pod of [
    { ...POD, state: { terminated } },
    { ...POD, restarts: 1, lastState: { terminated } },
  ]) {
    expect(failureOf(pod, "soak", 0)).toMatchObject({
      code: "exited",
      phase: "soak",
      message: "market-1 ended by itself, exit code 137 (OOMKilled)",
    });
  }
});

test("a restart from before the roll does not fail a pod, and neither does an image that may still come", () => {
  const terminated = { exitCode: 1 };
  expect(failureOf({ ...POD, restarts: 2, lastState: { terminated } }, "soak", 2)).toBeUndefined();
  expect(failureOf({ ...POD, state: { waiting: { reason: "ErrImagePull" } } }, "health", 0)).toBeUndefined();
  expect(
    failureOf({ ...POD, state: { waiting: { reason: "ImagePullBackOff" } } }, "health", 0),
  ).toMatchObject({
    code: "pod-not-started",
    message: "market-1 can't start: ImagePullBackOff",
  });
});

test("a pod that its node has ended does not count as one of the release", async () => {
  const labels = { "pod-template-hash": "abc" };
  const pod = (name: string, status: object) => ({ metadata: { name, labels }, status });
  const { kubeconfig } = await fakeCluster({
    "/apis/apps/v1/namespaces/shop/deployments/market": { metadata: { uid: "1" }, spec: deployment() },
    "/apis/apps/v1/namespaces/shop/replicasets": {
      items: [{ metadata: { labels, ownerReferences: [{ uid: "1" }] } }],
    },
    "/api/v1/namespaces/shop/pods": {
      items: [
        pod("serving", { phase: "Running" }),
        pod("shut-down", { phase: "Failed", reason: "Terminated" }),
        pod("rejected", { phase: "Failed", reason: "NodeAffinity" }),
        pod("evicted", { phase: "Failed", reason: "Evicted" }),
        pod("completed", { phase: "Succeeded" }),
      ],
    },
    "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices": { items: [] },
  });
  const place = { name: "market", namespace: "shop", service: "market" };
  const { pods } = await lookAt(openCluster({ kubeconfigFile: kubeconfig }), place);
  expect(pods.map(({ name, isEnding }) => [name, isEnding])).toEqual([
    ["serving", false],
    ["shut-down", true],
    ["rejected", true],
    ["evicted", true],
    ["completed", true],
  ]);
});

function deployment(
  changes: { readonly image?: string; readonly replicas?: number; readonly env?: string } = {},
) {
  const { image = "shop:1", replicas = 3, env } = changes;
  const container = {
    name: "app",
    image,
    ...(env !== undefined && { env: [{ name: "DEBUG", value: env }] }),
  };
  return { replicas, selector: {}, template: { spec: { containers: [container] } } };
}

test("what was changed by hand is named, whatever it is", () => {
  const applied = JSON.stringify(deployment());
  const metadata = { annotations: { "rollgate/applied": applied } };
  const drift = (spec: V1Deployment["spec"]) => driftOf({ metadata, ...(spec && { spec }) });
  expect(drift(deployment())).toEqual([]);
  expect(drift(deployment({ image: "shop:2", replicas: 2, env: "1" }))).toEqual([
    "2 replicas instead of 3",
    "image shop:2 instead of shop:1",
    "another environment",
  ]);
  expect(drift({ ...deployment(), paused: true })).toEqual(["paused"]);
  expect(drift({ ...deployment(), minReadySeconds: 9 })).toEqual(["other options"]);
  expect(driftOf({ spec: deployment() })).toEqual(["not rolled by rollgate"]);
});

test("an environment has a Secret of its own, whatever the order of its names", () => {
  const name = (environment: Record<string, string>) => environmentSecretOf("market", environment);
  expect(name({ A: "1", B: "2" })).toBe(name({ B: "2", A: "1" }));
  expect(name({ A: "1", B: "2" })).not.toBe(name({ A: "1", B: "3" }));
});

import { expect, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { ClusterLeaseStore } from "#kinds/kubernetes/clusterLeaseStore.ts";
import { Lease, LeaseHeld } from "#rollout/lease/lease.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const TIMING = { heartbeatMilliseconds: 20, expiryMilliseconds: 200, waitMilliseconds: 0 };

/** An API that keeps one Lease, and rejects a write with an old resource version. */
async function leaseServer() {
  let stored: Record<string, Record<string, unknown>> | undefined;
  let version = 0;
  const { port } = await serveHttp(async (request, response) => {
    const chunks = await request.toArray();
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
    const answer = (status: number, content: object) =>
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(
          JSON.stringify({ ...content, ...(status >= 400 && { kind: "Status", message: `no: ${status}` }) }),
        );
    const isStale = body && stored && body.metadata.resourceVersion !== stored.metadata?.resourceVersion;
    if (body && isStale) return answer(409, {});
    if (body) stored = { ...body, metadata: { ...body.metadata, resourceVersion: String(++version) } };
    answer(stored ? 200 : 404, stored ?? {});
  });
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "fake",
    clusters: [
      { name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "someone", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "someone" } }],
  });
  const store = () =>
    new ClusterLeaseStore(openCluster({ kubeconfig }), { name: "market", namespace: "shop" }, TIMING);
  const change = (edit: (lease: NonNullable<typeof stored>) => void) => stored && edit(stored);
  return { store, change, lease: () => stored };
}

const never = new AbortController().signal;
const options = { signal: never, onWait: () => {} };

test("a Lease says who rolls and is released in the end", async () => {
  const { store, lease } = await leaseServer();
  const held = await Lease.acquire(store(), "ann", TIMING, options);
  expect(lease()).toMatchObject({
    spec: { holderIdentity: "ann", leaseTransitions: 1, leaseDurationSeconds: 1 },
  });
  await held.assertHeld();
  await expect(Lease.acquire(store(), "eve", TIMING, options)).rejects.toThrow(LeaseHeld);
  await held.release();
  expect(lease()).toMatchObject({ spec: { holderIdentity: "" } });
  const next = await Lease.acquire(store(), "eve", TIMING, options);
  await expect(held.assertHeld()).rejects.toThrow("eve has taken over");
  await next.release();
});

test("of two deployers that take a Lease at once, one gets it", async () => {
  const { store } = await leaseServer();
  const record = { owner: "ann", since: new Date().toISOString(), beat: 0, released: false };
  const claims = await Promise.all(
    ["ann", "eve", "bob"].map((owner) => store().claim(1, { ...record, owner })),
  );
  expect(claims.filter(Boolean)).toHaveLength(1);
});

test("a Lease whose owner stands still is taken over, and one whose process is gone at once", async () => {
  const { store, change } = await leaseServer();
  const record = { owner: "ann", since: new Date().toISOString(), beat: 0, released: false };
  expect(await store().claim(1, record)).toBe(true);
  expect(await store().isGone()).toBe(false);
  const began = performance.now();
  const taken = await Lease.acquire(store(), "eve", { ...TIMING, waitMilliseconds: 5_000 }, options);
  expect(performance.now() - began).toBeGreaterThan(TIMING.expiryMilliseconds - 1);
  await taken.release();
  change(({ metadata }) => {
    const annotations = Object(metadata?.annotations);
    const state = JSON.parse(annotations["rollgate/lease"]);
    annotations["rollgate/lease"] = JSON.stringify({
      ...state,
      process: { ...state.process, startTicks: "1" },
    });
  });
  expect(await store().isGone()).toBe(true);
});

test("an annotation asks the owner of a Lease to stop", async () => {
  const { store, change } = await leaseServer();
  const held = await Lease.acquire(store(), "ann", TIMING, options);
  change(({ metadata = {} }) => {
    metadata.annotations = { ...Object(metadata.annotations), "rollgate/stop": "yes" };
  });
  await expect.poll(() => held.signal.aborted).toBe(true);
  expect(held.signal.reason.message).toBe("someone asked the roll to stop");
  await held.release();
});

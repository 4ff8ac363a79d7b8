import { once } from "node:events";
import { createServer } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { expect, onTestFinished, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { getFromPod } from "#kinds/kubernetes/getFromPod.ts";
import type { PodView } from "#kinds/kubernetes/look.ts";
import { PodProbes } from "#kinds/kubernetes/podProbes.ts";

import { refuseForbidden } from "#kinds/kubernetes/refuseForbidden.ts";
import { rightsOf } from "#kinds/kubernetes/rights.ts";

import { serveHttp } from "../../../support/httpServer.ts";
import { fakeCluster } from "../../../support/kubernetes/fakeCluster.ts";

const PROBES = { path: "/hello", requestsPerSecond: 500 };

function podNamed(name: string): PodView {
  return {
    name,
    hash: "abc",
    release: "1.1.0-bbbbbbbbbbbb",
    address: "10.0.0.7",
    port: 8080,
    node: "node-1",
    isReady: true,
    serves: true,
    isEnding: false,
    restarts: 0,
    state: { running: {} },
    lastState: undefined,
    unschedulable: undefined,
  };
}

/** What the API says itself, such as about a pod. */
const says = (message: string) => JSON.stringify({ kind: "Status", status: "Failure", message });

const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  good: [200, "hello"],
  busy: [429, "Too many requests, please try again later."],
  failing: [500, '{"error":"no database"}'],
  forbidden: [403, says('pods "forbidden" is forbidden')],
  gone: [404, says('pods "gone" not found')],
  overdue: [504, says("the server was unable to return a response in the time allotted")],
  silent: [503, says("error trying to reach service: dial tcp 10.0.0.7:8080: connect: connection refused")],
};

test("only what a pod answers itself, or fails to answer, counts", async () => {
  const asked = new Set<string>();
  const { port } = await serveHttp((request, response) => {
    const pod = /\/pods\/(.+):8080\/proxy\/hello$/.exec(request.url ?? "")?.[1] ?? "";
    asked.add(pod);
    const [status, body] = ANSWERS[pod] ?? [];
    if (status === undefined) return void request.socket.destroy();
    response.writeHead(status).end(body);
  });
  const getFrom = openPods(`http://127.0.0.1:${port}`);
  const probes = new PodProbes({ getFromPod: getFrom }, "shop", PROBES);
  const pods = [...Object.keys(ANSWERS), "cut"];
  probes.follow(pods.map(podNamed), "market");
  await expect.poll(() => [...asked].sort()).toEqual(pods.toSorted());
  await probes.end();
  const counted = Object.fromEntries(
    probes.probes().map(({ slot, lost, errors }) => [slot, { lost: lost > 0, errors: errors > 0 }]),
  );
  expect(counted).toEqual({
    good: { lost: false, errors: false },
    failing: { lost: false, errors: true },
    silent: { lost: true, errors: false },
  });
});

test("a pod that hangs has lost a request, an API that hangs has not", async () => {
  const pod = { namespace: "shop", name: "market-1", port: 8080 };
  const soon = () => AbortSignal.timeout(100);
  const { port } = await serveHttp(() => {});
  expect(await openPods(`http://127.0.0.1:${port}`)(pod, "/hello", soon())).toBeUndefined();
  // Never answers the handshake.
  const mute = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void mute.close());
  await once(mute, "listening");
  const unheard = openPods(`https://127.0.0.1:${Object(mute.address()).port}`);
  await expect(unheard(pod, "/hello", soon())).rejects.toThrow("aborted");
});

/** Asks pods through this API. */
function openPods(server: string) {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "fake", server, skipTLSVerify: true }, { name: "someone" });
  return (...[pod, path, signal]: Parameters<ReturnType<typeof openCluster>["getFromPod"]>) =>
    getFromPod(config, server, pod, path, signal);
}

test("requests to pods and Jobs that the account may not send or create are refused before a roll", async () => {
  const review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const front = { name: "shop-nginx", entrance: "shop" };
  const refusal = async (
    status: object | undefined,
    policy: object = { probeTraffic: PROBES },
    before: object = {},
  ) => {
    const { kubeconfig } = await fakeCluster(status && { [review]: { spec: {}, status } });
    const cluster = openCluster({ kubeconfigFile: kubeconfig });
    const rights = rightsOf(policy, before);
    return refuseForbidden(cluster, { namespace: "shop" }, rights).catch((error) => error.message);
  };
  expect(await refusal({ allowed: false })).toContain(
    ", get pods/proxy (probeTraffic) in namespace shop, got",
  );
  const hooks = { beforeRoll: [{ command: "true", where: "first-host", deadlineSeconds: 9 }] };
  expect(await refusal({ allowed: false }, { hooks })).toContain(
    ", get and create and delete jobs (hooks), get pods/log (hooks) in namespace shop, got",
  );
  expect(await refusal({ allowed: true })).toBeUndefined();
  expect(await refusal({ allowed: false }, {})).not.toContain("(");
  expect(await refusal(undefined)).toBeUndefined();
  expect(await refusal({ allowed: false }, {}, { canary: {} })).toContain(
    ", delete deployments (canary) in namespace shop, got",
  );
  expect(await refusal({ allowed: false }, {}, { front })).toContain(
    ", get and create pods/portforward (expose.nginx) in namespace shop, got",
  );
});

import { expect, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { ClusterLeaseStore } from "#kinds/kubernetes/clusterLeaseStore.ts";
import { KubernetesOrchestrator } from "#kinds/kubernetes/kubernetesOrchestrator.ts";
import { refuseForeignDeployment } from "#kinds/kubernetes/own.ts";
import { removeDeployment } from "#kinds/kubernetes/removeDeployment.ts";
import { rollDeployment } from "#kinds/kubernetes/rollDeployment.ts";
import { fakeCluster } from "../../../support/kubernetes/fakeCluster.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/market";
const LEASE = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/market";
const SECRETS = "/api/v1/namespaces/shop/secrets";
const CANARY = `${DEPLOYMENT}-canary`;
const JOB = "/apis/batch/v1/namespaces/shop/jobs/market-hook";
const REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const OWN = { "app.kubernetes.io/managed-by": "rollgate", "rollgate/workload": "market" };
const PLACE = { namespace: "shop", name: "market" };

/** A cluster in which the Deployment and the Lease of the workload's name have these labels. */
async function clusterWith(labels: object, { allowed = true } = {}) {
  const metadata = { name: "market", namespace: "shop", uid: "1", labels };
  const { kubeconfig, asked } = await fakeCluster({
    [DEPLOYMENT]: { metadata },
    [CANARY]: { metadata: { ...metadata, name: "market-canary" } },
    [JOB]: { metadata: { ...metadata, name: "market-hook" } },
    [LEASE]: { metadata },
    [REVIEW]: { spec: {}, status: { allowed } },
  });
  const access = { kubeconfigFile: kubeconfig };
  return {
    access,
    cluster: openCluster(access),
    asked,
    writes: () => asked.filter((line) => !/^GET|^POST .*reviews$/.test(line)),
  };
}

test("what rolls made is deleted, in order, once its pods have ended", async () => {
  const { access, asked } = await clusterWith(OWN);
  await removeDeployment({ ...PLACE, cluster: access });
  expect(asked.filter((line) => !line.endsWith(REVIEW))).toEqual([
    ...[CANARY, DEPLOYMENT, JOB].flatMap((path) => [`GET ${path}`, `DELETE ${path}`, `GET ${path}`]),
    ...[`GET ${LEASE}`, `DELETE ${LEASE}`, `DELETE ${SECRETS}`],
  ]);
});

const FOREIGN = [{ "app.kubernetes.io/managed-by": "Helm" }, { ...OWN, "rollgate/workload": "another" }, {}];

test.each(FOREIGN)(
  "a Deployment and a Lease of the same name with labels %o are left alone",
  async (labels) => {
    const { access, cluster, writes } = await clusterWith(labels);
    await removeDeployment({ ...PLACE, cluster: access });
    expect(writes()).toEqual([`DELETE ${SECRETS}`]);
    await expect(refuseForeignDeployment(cluster, PLACE)).rejects.toThrow(
      /^Deployment market in namespace shop: expected one created by rollgate, with the labels app\.kubernetes\.io\/managed-by=rollgate,rollgate\/workload=market, got one without them/,
    );
    const leases = new ClusterLeaseStore(cluster, PLACE, { expiryMilliseconds: 1000 });
    const record = { owner: "ann", since: new Date().toISOString(), beat: 0, released: false };
    await expect(leases.newest()).rejects.toThrow("Lease market in namespace shop: expected one created by");
    await expect(leases.claim(1, record)).rejects.toThrow("got one without them");
    expect(await leases.renew(0, record)).toMatchObject({ isHeld: false });
    expect(writes()).toEqual([`DELETE ${SECRETS}`]);
  },
);

test("a roll that may not deploy or probe is refused before it touches anything, and a preview says so", async () => {
  const { access, cluster, writes } = await clusterWith({}, { allowed: false });
  const workload = {
    ...PLACE,
    cluster: access,
    service: "market",
    url: "",
    environment: {},
    deploymentOf: () => ({}),
  };
  const policy = { ...validRequest(), probeTraffic: { path: "/hello", requestsPerSecond: 1 } };
  const rolling = rollDeployment(cluster, workload, { release: "1.0.0-aaaaaaaaaaaa" }, policy, {
    owner: "ann",
    reporter: () => {},
    signal: new AbortController().signal,
    leaseTiming: { heartbeatMilliseconds: 500, expiryMilliseconds: 3000, waitMilliseconds: 0 },
  });
  await expect(rolling).rejects.toThrow(
    /; Deployment market in namespace shop: expected one created by rollgate.*; expected an account that may .*, get pods\/proxy \(probeTraffic\) in namespace shop, got one that may not\. No pod was touched\.$/,
  );
  const planning = new KubernetesOrchestrator(workload).plan(validRequest());
  await expect(planning).rejects.toThrow(/^Deployment market in namespace shop: expected one created by/);
  expect(writes()).toEqual([]);
});

test("an account that may not remove everything removes nothing", async () => {
  const { access, writes } = await clusterWith(OWN, { allowed: false });
  await expect(removeDeployment({ ...PLACE, cluster: access })).rejects.toThrow(
    "expected an account that may get and delete deployments, get and delete leases, deletecollection secrets in namespace shop, got one that may not",
  );
  expect(writes()).toEqual([]);
});

test("the message says who manages what is there, if that is known", async () => {
  const { cluster } = await clusterWith({ "app.kubernetes.io/managed-by": "Helm" });
  await expect(refuseForeignDeployment(cluster, PLACE)).rejects.toThrow(/, managed by Helm$/);
});

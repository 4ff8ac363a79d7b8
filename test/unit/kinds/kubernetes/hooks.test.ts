import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCluster } from "#kinds/kubernetes/cluster.ts";
import { runJob } from "#kinds/kubernetes/hookJob.ts";
import { jobOf } from "#kinds/kubernetes/jobOf.ts";
import { PodLog } from "#kinds/kubernetes/podLog.ts";
import { workloadOf } from "#kinds/kubernetes/workloadOf.ts";
import { RollFailed } from "#rollout/common/errors.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { kubeconfigOf } from "../../../support/kubernetes/fakeCluster.ts";
import { FakeWorkload } from "../../../support/kubernetes/fakeWorkload.ts";
import { kubernetesHost } from "../../../support/kubernetes/kubernetesHost.ts";
import { validRequest } from "../../../support/rollRequest.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const [OLD, NEW, BAD] = ["1.0.0-aaaaaaaaaaaa", "1.1.0-bbbbbbbbbbbb", "2.0.0-cccccccccccc"];
const hook = (command: string) => ({ command, where: "deployer", deadlineSeconds: 30 }) as const;

interface Podless {
  readonly events?: readonly string[];
  readonly message?: string;
  readonly isGone?: boolean;
}

/** The old release, and a file that hooks write to. */
async function running() {
  const fake = await FakeWorkload.create();
  await fake.roll(OLD);
  fake.lines.length = 0;
  const file = join(await temporaryDirectory(), "told");
  const tell = (...variables: string[]) =>
    hook(`echo "${variables.map((name) => `$ROLLGATE_${name}`).join("|")}" >> ${file}`);
  return { fake, tell, told: () => readFile(file, "utf8").catch(() => "") };
}

test("hooks run around a roll, once, and not if there is nothing to do", async () => {
  const { fake, tell, told } = await running();
  const facts = tell("HOOK", "STACK", "RELEASE_FROM", "RELEASE", "URL");
  const hooks = { beforeRoll: [facts], afterRoll: [facts] };
  let stored = "";
  fake.onAsked = ({ what, isDryRun }) => {
    if (what === "PUT deployments" && !isDryRun) stored ||= fake.lines.join("\n");
    return undefined;
  };
  await fake.roll(NEW, { hooks, stack: "prod" });
  expect(await told()).toBe(
    ["beforeRoll", "afterRoll"].map((each) => `${each}|prod|${OLD}|${NEW}|http://market\n`).join(""),
  );
  expect(stored).toContain("beforeRoll: done in");
  await fake.roll(NEW, { hooks, stack: "prod" });
  expect((await told()).split("\n")).toHaveLength(3);
});

test("with a canary, they are told about that, and giving it up is a roll of its own", async () => {
  const { fake, tell, told } = await running();
  const hooks = { beforeRoll: [tell("RELEASE_FROM", "RELEASE")] };
  await fake.roll(OLD, { hooks, replicas: 1, canary: NEW });
  expect(await told()).toBe(`${OLD}|${NEW}\n`);
  await fake.roll(OLD, { hooks });
  expect(await told()).toBe(`${OLD}|${NEW}\n${OLD}|${OLD}\n`);
});

test("a failed hook before the roll touches nothing, and one after it is a warning", async () => {
  const { fake } = await running();
  const before = fake.named("pods");
  const failing = hook("echo no room; exit 3");
  const failure = await fake.roll(NEW, { hooks: { beforeRoll: [failing] } }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message:
      'the beforeRoll hook "echo no room; exit 3" failed with exit code 3: no room. No pod was touched.',
    evidence: ["no room"],
  });
  expect(failure).toBeInstanceOf(RollFailed);
  expect(fake.named("pods")).toEqual(before);
  const { warnings } = await fake.roll(NEW, { hooks: { afterRoll: [failing] } });
  expect(warnings).toEqual([expect.stringMatching(/^the afterRoll hook .*; the release is in place$/)]);
});

test("a failed roll tells which pod failed, in which phase, and why", async () => {
  const { fake, tell, told } = await running();
  fake.broken.add(BAD);
  const hooks = { onFailure: [tell("HOST", "PHASE", "FAILURE")] };
  await expect(fake.roll(BAD, { hooks })).rejects.toThrow("ended by itself");
  expect(await told()).toMatch(/^market-\w+-1\|health\|market failed its health gate on 2\.0\.0-c+: /);
  expect(await told()).toContain("market went back to 1.0.0-");
});

test("a Job for a hook has what the application has, and no part in serving", () => {
  const { launch, environment, health } = validRequest();
  const request = { launch, environment, health, hosts: [kubernetesHost()] };
  const proxy = { kind: "kubernetes", address: "0.0.0.0", port: 80, namespace: "shop", service: "shop" };
  const deployment = workloadOf({ ...request, proxies: [proxy] }).deploymentOf(NEW, "secret-1");
  const command = {
    words: ["sh", "-c", "true"],
    variables: { ROLLGATE_HOST: "shop" },
    deadlineSeconds: 9,
  };
  const job = jobOf("shop-hook", "shop", deployment, command);
  const labels = { "app.kubernetes.io/managed-by": "rollgate", "rollgate/workload": "shop" };
  expect(job).toMatchObject({
    metadata: { name: "shop-hook", labels },
    spec: { backoffLimit: 0, template: { metadata: { labels } } },
  });
  const pod = job.spec?.template.spec;
  expect(pod).toMatchObject({
    restartPolicy: "Never",
    activeDeadlineSeconds: 9,
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true },
  });
  expect(job.spec?.template.metadata?.labels).not.toHaveProperty("app.kubernetes.io/name");
  const [app] = pod?.containers ?? [];
  expect(app).toMatchObject({
    image: expect.stringContaining("/shop:1.1.0-"),
    command: ["sh", "-c", "true"],
    envFrom: [{ secretRef: { name: "secret-1" } }],
    env: [
      { name: "ROLLGATE_HOST", value: "shop" },
      { name: "ROLLGATE_JAVA", value: "java" },
      { name: "ROLLGATE_JAR", value: "/application/app.jar" },
    ],
    securityContext: { readOnlyRootFilesystem: true },
  });
  for (const part of ["args", "ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle"])
    expect(app).not.toHaveProperty(part);
});

test("a command whose output nobody may read runs to its end", async () => {
  const fake = await FakeWorkload.create();
  let looks = 0;
  let isThere = false;
  const deleted: number[] = [];
  const { port } = await serveHttp((request, response) => {
    const { method, url = "" } = request;
    const answer = (status: number, body: object = { kind: "Status", message: "no" }) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const job = { metadata: { name: "market-hook", namespace: "shop", uid: "1" } };
    if (url.includes("/log")) return answer(403);
    if (method === "DELETE") {
      isThere = false;
      deleted.push(looks);
      return answer(200);
    }
    if (method === "POST") isThere = true;
    if (url.includes("/jobs")) return isThere ? answer(200, job) : answer(404);
    looks++;
    const state = looks < 3 ? { running: {} } : { terminated: { exitCode: 7 } };
    const status = { phase: "Running", containerStatuses: [{ name: "app", restartCount: 0, state }] };
    answer(200, {
      items: [{ metadata: { name: "hook-1" }, spec: { containers: [{ name: "app" }] }, status }],
    });
  });
  const deployment = { spec: { selector: {}, template: { spec: { containers: [{ name: "app" }] } } } };
  const command = { words: ["true"], variables: {}, deadlineSeconds: 9 };
  const context = { cluster: openCluster({ kubeconfig: kubeconfigOf(port) }), workload: fake.workload({}) };
  expect(await runJob(context, { deployment, command }, () => {})).toBe(7);
  expect(deleted).toEqual([3]);
});

test.each([
  [
    "events say that its pod is refused",
    { events: ['Error creating: pods "market-hook-x" is forbidden: exceeded quota: small'] },
    'Job market-hook gets no pod: Error creating: pods "market-hook-x" is forbidden: exceeded quota: small',
  ],
  ["it has failed", { message: "it was too slow" }, "Job market-hook failed: it was too slow"],
  ["somebody has deleted it", { isGone: true }, "somebody deleted Job market-hook"],
])(
  "a Job without a pod is not waited for if %s",
  async (_, { events = [], message, isGone }: Podless, told) => {
    const fake = await FakeWorkload.create();
    const asked: string[] = [];
    let isThere = false;
    const { port } = await serveHttp((request, response) => {
      const { method, url = "" } = request;
      const answer = (status: number, body: object = { kind: "Status", message: "no" }) =>
        void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      if (url.includes("/pods")) return answer(200, { items: [] });
      if (url.includes("/events")) {
        asked.push(decodeURIComponent(url));
        return answer(200, {
          items: events.map((each) => ({ message: each, metadata: {}, involvedObject: {} })),
        });
      }
      const wasThere = isThere;
      isThere = method === "POST" || (isThere && isGone !== true && method !== "DELETE");
      const conditions = message === undefined ? [] : [{ type: "Failed", status: "True", message }];
      const job = { metadata: { name: "market-hook", namespace: "shop", uid: "1" }, status: { conditions } };
      return wasThere || isThere ? answer(200, job) : answer(404);
    });
    const deployment = { spec: { selector: {}, template: { spec: { containers: [{ name: "app" }] } } } };
    const command = { words: ["true"], variables: {}, deadlineSeconds: 60 };
    const context = { cluster: openCluster({ kubeconfig: kubeconfigOf(port) }), workload: fake.workload({}) };
    await expect(runJob(context, { deployment, command }, () => {})).rejects.toThrow(told);
    for (const url of asked) expect(url).toContain("involvedObject.uid=1,reason=FailedCreate");
  },
  10_000,
);

test("a log is read piece by piece, and no line twice", async () => {
  const lines = ["one", "two words"];
  const asked: boolean[] = [];
  const { port } = await serveHttp((request, response) => {
    asked.push(String(request.url).includes("sinceSeconds="));
    const log = lines.map((line, at) => `2026-11-27T15:00:00.00000000${at}Z ${line}\n`).join("");
    response.writeHead(200, { "content-type": "text/plain" }).end(log);
  });
  const log = new PodLog(openCluster({ kubeconfig: kubeconfigOf(port) }), "shop", "hook-1");
  expect(await log.read()).toBe("one\ntwo words\n");
  expect(await log.read()).toBe("");
  lines.push("three");
  expect(await log.read()).toBe("three\n");
  expect(asked).toEqual([false, true, true]);
});

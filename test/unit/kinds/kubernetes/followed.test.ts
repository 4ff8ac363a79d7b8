import { expect, test } from "vitest";
import { FrontScript } from "../../../support/kubernetes/frontScript.ts";

/** An nginx that has had a list with one pod, which passes its checks. */
async function following() {
  const script = new FrontScript();
  const slices = {
    items: [
      {
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.0.0.1"], targetRef: { kind: "Pod", name: "a" } }],
      },
    ],
  };
  let status = 200;
  script.answer = (url) => (url.startsWith("http://control") ? { status, body: slices } : { status: 200 });
  const follow = async (seconds: number, answer = status) => {
    status = answer;
    script.milliseconds += seconds * 1000;
    await script.run("follow().then(logChanges);");
  };
  await follow(0);
  await script.run("checkPods();");
  const answers = (location: string) => script.location(location).status;
  return { script, follow, answers };
}

test("an nginx that hears of no pods says so, how old its list is, and why", async () => {
  const { script, follow } = await following();
  const list = () =>
    JSON.parse(
      script.run(
        `let text; podStatus({ args: { format: "json" }, variables: { shop_drained: "" }, headersOut: {}, return: (_, body) => { text = body; } }); text;`,
      ),
    ).list;
  await follow(5);
  expect(list()).toEqual({ ageSeconds: 0, problem: "" });
  await follow(20, 403);
  await follow(20);
  expect(list()).toEqual({
    ageSeconds: 40,
    problem: "it answered 403, so the pod's account may not list endpointslices",
  });
  expect(script.lines.slice(-2)).toEqual([
    "the cluster's API can't be asked for pods: it answered 403, so the pod's account may not list endpointslices; nginx goes on with the 1 it knows",
    "the list of pods is 40 s old, since the cluster's API can't be asked for it: it answered 403, so the pod's account may not list endpointslices; new pods get no requests of this nginx",
  ]);
  const { length } = script.lines;
  await follow(500);
  expect(script.lines).toHaveLength(length);
  await follow(200);
  expect(script.lines.at(-1)).toContain("the list of pods is 12 min old");
  await follow(1, 200);
  expect([list(), script.lines.at(-1)]).toEqual([
    { ageSeconds: 0, problem: "" },
    "the cluster's API answers again",
  ]);
});

test("all nginx stay ready and alive while the API is away, as long as a pod they know passes its checks", async () => {
  const { script, follow, answers } = await following();
  for (const status of [502, 403, 401]) await follow(3_600, status);
  expect([answers("ready"), answers("live")]).toEqual([200, 200]);
  script.state("a 10.0.0.1:80", false, 2);
  expect([answers("ready"), answers("live")]).toEqual([503, 200]);
  await follow(1, 200);
  expect(answers("ready")).toBe(200);
});

test("nginx is started again if the API's certificate authority has changed, not for all at once, and for nothing else", async () => {
  const { script, follow, answers } = await following();
  script.files.set("ca.crt", "two");
  await follow(3_600);
  expect(answers("live")).toBe(200);
  await follow(50, 502);
  expect(answers("live")).toBe(200);
  await follow(250);
  expect(answers("live")).toBe(503);
  const patiences = await Promise.all(
    Array.from({ length: 9 }, async () => {
      const other = await following();
      other.answers("live");
      return Number(other.script.pods.get("patience"));
    }),
  );
  expect(new Set(patiences).size).toBe(9);
  expect(Math.min(...patiences)).toBeGreaterThanOrEqual(60);
  expect(Math.max(...patiences)).toBeLessThan(300);
});

import { expect, test } from "vitest";
import { FrontScript, type ListedPod } from "../../../support/kubernetes/frontScript.ts";

interface Pod extends ListedPod {
  readonly up?: boolean;
  readonly fall?: number;
}

/** Which pods nginx in front sends requests to, by its own JavaScript. */
function chosen(...pods: readonly Pod[]): string[] {
  const script = new FrontScript();
  script.list(pods);
  for (const { name, up = false, fall = 0 } of pods) script.state(name, up, fall);
  script.run("choosePods();");
  return (script.pods.get("live") ?? "").split(" ").filter(Boolean);
}

test("requests go to ready pods that pass their checks, or else to those that are about to end, or unknown", () => {
  const ending = { name: "old", takes: false, up: true };
  expect(chosen(ending, { name: "new", up: true }, { name: "ill", fall: 2 })).toEqual(["new"]);
  expect(chosen(ending, { name: "unready", takes: false, serves: false, up: true })).toEqual(["old"]);
  expect(chosen({ name: "new" }, { name: "ill", fall: 1 })).toEqual(["new"]);
});

test("if no pod passes, those that Kubernetes calls ready get the requests, and nobody else does", () => {
  const gone = { name: "gone", takes: false, serves: false };
  expect(chosen({ name: "a", fall: 9 }, { name: "b", fall: 3 }, gone)).toEqual(["a", "b"]);
  expect(chosen({ ...gone, fall: 9 })).toEqual([]);
});

test("requests go around, and pass over a pod that has just refused a connection, or was tried", () => {
  const script = new FrontScript();
  script.list(["a", "b", "c"].map((name) => ({ name })));
  const requests = (before: string, tried = "") =>
    script.run(
      `choosePods(); ${before}; Array.from({ length: 300 }, () => nextPod("${tried}")).join("");`,
    ) as string;
  const shares = (text: string) => ["a", "b", "c"].map((name) => text.split(name).length - 1);
  expect(shares(requests(""))).toEqual([100, 100, 100]);
  const [a = 0, b, c = 0] = shares(requests('ngx.shared[REFUSED].set("b", "1")'));
  expect([b, a + c]).toEqual([0, 300]);
  expect(Math.min(a, c)).toBeGreaterThan(100);
  expect(shares(requests("", "a"))[0]).toBe(0);
  script.list([{ name: "a" }]);
  expect(shares(requests("", "a"))).toEqual([300, 0, 0]);
});

/** What a round of checks costs in which all pods come up. */
async function costOf(count: number) {
  const script = new FrontScript();
  script.list(Array.from({ length: count }, (_, index) => ({ name: `pod-${index}` })));
  await script.run("checkPods();");
  expect((script.pods.get("live") ?? "").split(" ")).toHaveLength(count);
  const { reads } = script.states;
  script.pods.reads = 0;
  script.run('nextPod("")');
  return { reads: reads / count, parsed: script.parsed / count, ofRequest: script.pods.reads };
}

test("what a pod costs in a round of checks stays the same with a thousand of them, and so does a request", async () => {
  const [few, many] = [await costOf(100), await costOf(1_000)];
  expect(many.reads).toBeLessThan(2 * few.reads);
  expect(many.parsed).toBeLessThan(2 * few.parsed);
  expect(many.ofRequest).toBe(few.ofRequest);
});

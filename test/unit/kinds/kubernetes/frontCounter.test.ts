import { expect, test } from "vitest";
import { AnsweredTime } from "#kinds/kubernetes/answeredTime.ts";
import { FrontAdmission } from "#kinds/kubernetes/front/frontAdmission.ts";
import { FrontCounter } from "#kinds/kubernetes/front/frontCounter.ts";
import type { AskedPods, FrontPod } from "#kinds/kubernetes/front/frontPods.ts";
import { RollgateError } from "#rollout/common/errors.ts";

const NOW = Math.floor(Date.now() / 1000);
type Row = [second: number, pod: string, what: string, count: number];

/** Pods of nginx that answer what they are given, or not at all. */
class Pods implements AskedPods {
  readonly name = "shop-nginx";
  readonly asked: string[] = [];
  readonly answers = new Map<string, unknown>();
  readonly ending = new Set<string>();
  readonly unready = new Set<string>();

  list = async (): Promise<FrontPod[]> =>
    [...this.answers.keys()].map((name) => {
      return { name, isReady: !this.unready.has(name), isEnding: this.ending.has(name) };
    });

  ask = async ({ name }: { name: string }, path: string): Promise<unknown> => {
    this.asked.push(`${name} ${path}`);
    const answer = this.answers.get(name);
    if (answer === undefined) throw new RollgateError("no-answer", `pod ${name} is silent`);
    return answer;
  };
}

const counts = (...rows: readonly Row[]) => ({ at: NOW, rows });
const sum = (place: string, requests: number) => ({
  ...{ second: NOW - 1, place, requests, lost: 0, errors: 0, cut: 0, retries: 0, bytes: 0 },
  latency: {},
});

test("what the pods of nginx have counted is told once, however often it is read", async () => {
  const pods = new Pods();
  pods.answers.set("a", counts([NOW - 60, "shop-1", "requests", 9]));
  const counter = new FrontCounter(pods, 7);
  expect(await counter.begin()).toBe(true);
  const before = counts([NOW - 1, "shop-1", "requests", 2], [NOW - 1, "shop-1", "17", 2]);
  pods.answers.set("a", before).set("b", counts([NOW - 1, "shop-2", "requests", 1]));
  const { sums } = await counter.look();
  expect(sums).toEqual([{ ...sum("shop-1", 2), latency: { 17: 2 } }, sum("shop-2", 1)]);
  pods.answers.set("a", counts(...before.rows, [NOW - 1, "shop-1", "lost", 1], [NOW, "-", "requests", 1]));
  expect((await counter.look()).sums).toMatchObject([
    { place: "shop-1", requests: 0, lost: 1 },
    { second: NOW, requests: 1 },
  ]);
  expect((await counter.look()).sums).toEqual([]);
  expect(pods.asked.at(-1)).toBe(`b /rollgate/ledger?session=7&before=${NOW - 3}`);
});

test("a pod of nginx that is silent for a look costs no count of the others, nor of its own", async () => {
  const pods = new Pods();
  pods.answers.set("a", counts()).set("b", counts());
  const counter = new FrontCounter(pods, 7);
  await counter.begin();
  pods.answers.set("a", counts([NOW - 1, "shop-1", "requests", 3])).set("b", undefined);
  await expect(counter.look()).rejects.toThrow("pod b is silent");
  pods.answers.set("b", counts([NOW - 1, "shop-1", "requests", 4]));
  const { sums } = await counter.look();
  expect(sums.map(({ requests }) => requests)).toEqual([3, 4]);
});

test("one that is about to end may be silent, and the last look ends the count", async () => {
  const pods = new Pods();
  pods.answers.set("a", counts());
  const counter = new FrontCounter(pods, 7);
  await counter.begin();
  pods.answers.set("b", undefined);
  pods.ending.add("b");
  await counter.stop();
  expect((await counter.look()).sums).toEqual([]);
  expect(pods.asked.at(-2)).toBe(`a /rollgate/ledger?session=7&before=${NOW - 3}&end`);
});

test("one that clients don't come to, such as on a lost node, keeps nobody from hearing of the others", async () => {
  const pods = new Pods();
  pods.answers.set("a", counts()).set("lost", counts());
  const counter = new FrontCounter(pods, 7);
  await counter.begin();
  pods.answers.set("a", counts([NOW - 1, "shop-1", "requests", 3])).set("lost", undefined);
  pods.unready.add("lost");
  expect((await counter.look()).sums).toEqual([sum("shop-1", 3)]);
});

test("without a pod of nginx that is ready, nothing is counted, with the reason", async () => {
  await expect(new FrontCounter(new Pods(), 7).begin()).rejects.toThrow("none of its pods is ready");
});

test("only what every nginx finds up is admitted", async () => {
  const up = (...hosts: readonly string[]) => ({
    servers: {
      server: [
        ...hosts.map((host) => ({ host, status: "up", drained: false })),
        { host: "shop-8", status: "down", drained: false },
        { host: "shop-9", status: "up", drained: true },
      ],
    },
  });
  const pods = new Pods();
  pods.answers.set("a", up("shop-1", "shop-2")).set("b", up("shop-2"));
  const admission = new FrontAdmission(pods, new AnsweredTime());
  expect(await admission.look()).toEqual(new Set(["shop-2"]));
  expect(admission.complaint).toBe("not every pod of shop-nginx finds it up");
  pods.answers.set("b", undefined);
  expect(await admission.look()).toEqual(new Set());
  expect(admission.complaint).toBe("pod b is silent");
  pods.answers.clear();
  expect(await admission.look()).toEqual(new Set());
  expect(admission.complaint).toBe("no pod of shop-nginx is ready");
});

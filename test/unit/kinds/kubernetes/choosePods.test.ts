import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { inRepository } from "../../../../tools/inRepository.ts";

interface Pod {
  readonly name: string;
  readonly takes?: boolean;
  readonly serves?: boolean;
  readonly up?: boolean;
  readonly fall?: number;
}

/** Which pods nginx in front sends requests to, by its own JavaScript. */
function chosen(...pods: readonly Pod[]): string[] {
  const zone = (entries: Iterable<readonly [string, string]> = []) => new Map(entries);
  const list = pods.map(({ name, takes = true, serves = true }) => {
    return { name, key: name, address: name, takes, serves };
  });
  const states = pods.map(({ name, up = false, fall = 0 }) => {
    return [name, JSON.stringify({ up, fall, rise: 0, at: 1, took: 1, result: "200" })] as const;
  });
  const shared = { shop: zone(states), shop_pods: zone([["list", JSON.stringify(list)]]) };
  const files = [
    inRepository("rollout", "nginx", "njs", "checks.js"),
    inRepository("kinds", "kubernetes", "front", "njs", "pods.js"),
  ].map((file) => readFileSync(file, "utf8"));
  const script = ['const ID = "pods"; const STACK = "shop";', ...files, "choosePods();"].join("\n");
  runInNewContext(script, { ngx: { shared } });
  return (shared.shop_pods.get("live") ?? "").split(" ").filter(Boolean);
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

import { expect, test } from "vitest";
import { FailedPaths } from "#rollout/ledger/failedPaths.ts";

test("the ten paths that failed most come first, added up over all looks", () => {
  const paths = new FailedPaths();
  for (let each = 1; each <= 12; each++) paths.add({ path: `/${each}`, lost: each, errors: 0 });
  paths.add({ path: "/1", lost: 0, errors: 20 });
  expect(paths.worst()).toHaveLength(10);
  expect(paths.worst().slice(0, 2)).toEqual([
    { path: "/1", lost: 1, errors: 20 },
    { path: "/12", lost: 12, errors: 0 },
  ]);
});

test("an application with a path for each customer takes no more memory than others", () => {
  const paths = new FailedPaths();
  for (let each = 0; each < 5_000; each++) paths.add({ path: `/${each}`, lost: 1, errors: 0 });
  paths.add({ path: "/late", lost: 9, errors: 0 });
  paths.add({ path: "/7", lost: 1, errors: 0 });
  expect(paths.worst()[0]).toEqual({ path: "/7", lost: 2, errors: 0 });
});

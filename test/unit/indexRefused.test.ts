import { expect, test } from "vitest";
import { ownCopy } from "../support/ownCopy.ts";
import { configure, mockPulumi } from "../support/pulumi.ts";

test("a missing jar is rejected before anything is declared", async () => {
  const { tree, resources } = await mockPulumi();
  await configure({ jar: "/nowhere/app.jar" });
  await expect(import(ownCopy("index.ts"))).rejects.toThrow(
    "rollgate:jar: expected a jar, found no file: /nowhere/app.jar. Nothing was changed.",
  );
  await tree();
  expect(resources).toEqual([]);
});

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { appHost, nginx, rollingDeployment } from "../../../provider/index.ts";
import { inRepository } from "../../../tools/inRepository.ts";

const METHODS = {
  create: expect.any(Function),
  diff: expect.any(Function),
  read: expect.any(Function),
};

test("every name that a state may have finds the code of its resource", async () => {
  expect(await Promise.all([appHost(), nginx(), rollingDeployment()])).toMatchObject([
    METHODS,
    METHODS,
    METHODS,
  ]);
  expect(await import("rollgate/provider/docker-image")).toMatchObject(METHODS);
  expect(await import("rollgate/provider/ssh-server")).toMatchObject(METHODS);
});

test("a program has its provider where its package says", () => {
  const require = createRequire(inRepository("package.json"));
  expect(existsSync(require.resolve("rollgate/provider"))).toBe(true);
});

test.each([
  "#provider/hostResource.ts",
  "#provider/nginx.ts",
  "#provider/deployment.ts",
  "#kinds/docker/pulledImage.ts",
  "#kinds/ssh/provisionedServer.ts",
])("a state that imports %s, as those before the package did, still finds it here", (module) => {
  expect(existsSync(createRequire(inRepository("package.json")).resolve(module))).toBe(true);
});

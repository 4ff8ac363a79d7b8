import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { writeJar } from "../../harness/zip.ts";
import { mockPulumi, secret } from "../support/pulumi.ts";
import { temporaryDirectory } from "../support/temporaryDirectory.ts";

test("the two services of the example keep out of each other's way", async () => {
  const { tree, resources } = await mockPulumi({ project: "company", stack: "dev" });
  const directory = await temporaryDirectory();
  pulumi.runtime.setAllConfig({
    "company:shopJar": await writeJar(join(directory, "shop.jar"), "1.0.0"),
    "company:billingJar": await writeJar(join(directory, "billing.jar"), "2.0.0"),
    "company:databasePassword": "hunter2",
  });
  const { releases }: typeof import("../../examples/two-services/index.ts") = await import(
    new URL("../../examples/two-services/index.ts", import.meta.url).href
  );
  await new Promise((resolve) => {
    releases.apply(resolve);
  });
  await tree();
  const inputs = Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
  const [shop, billing] = [Object(inputs["shop-nginx-server"]), Object(inputs["billing-nginx-server"])];
  for (const key of ["name", "directory", "port", "controlPort"]) expect(shop[key]).not.toBe(billing[key]);
  expect(Object(inputs["shop-app-app-1"]).directory).toMatch(/\/dev-shop\/hosts\/app-1$/);
  expect(Object(inputs["billing-app-billing-1"]).directory).toMatch(/\/dev-billing\/hosts\/billing-1$/);
  expect(inputs["shop-rollout"]).toMatchObject({
    jar: { version: "1.0.0" },
    environment: secret({ DB_PASSWORD: "hunter2" }),
  });
  expect(inputs["billing-rollout"]).toMatchObject({ jar: { version: "2.0.0" }, stack: "dev-billing" });
});

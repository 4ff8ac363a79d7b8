import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { RollingDeployment } from "../../../components/rollingDeployment.ts";
import { mockPulumi, secret } from "../../support/pulumi.ts";
import { validRequest } from "../../support/rollRequest.ts";

test("the deployment is one resource without a parent", async () => {
  const { tree } = await mockPulumi();
  new RollingDeployment("rollout", validRequest());
  expect(await tree()).toEqual(["pulumi-nodejs:dynamic/rollgate:RollingDeployment::rollout"]);
});

test("it gets the whole request, and nothing else", async () => {
  const { tree, resources } = await mockPulumi();
  new RollingDeployment("rollout", validRequest());
  await tree();
  expect(resources.map(({ inputs }) => inputs)).toEqual([
    { ...validRequest(), __provider: expect.any(String) },
  ]);
});

test("a secret environment stays secret", async () => {
  const { tree, resources } = await mockPulumi();
  const environment = { PASSWORD: "hunter2" };
  new RollingDeployment("rollout", { ...validRequest(), environment: pulumi.secret(environment) });
  await tree();
  expect(resources[0]?.inputs.environment).toEqual(secret(environment));
});

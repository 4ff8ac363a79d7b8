import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { RollingDeployment } from "../../../components/rollingDeployment.ts";
import { CHECK } from "../../support/askedServers.ts";
import { known, mockPulumi, secret } from "../../support/pulumi.ts";
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

test("its report and its history are outputs that the roll fills in", async () => {
  const { tree, resources } = await mockPulumi();
  const deployment = new RollingDeployment("rollout", { ...validRequest(), reports: "/srv/reports" });
  await tree();
  expect(resources[0]?.inputs).not.toHaveProperty("report");
  expect(pulumi.Output.isInstance(deployment.report)).toBe(true);
  expect(pulumi.Output.isInstance(deployment.history)).toBe(true);
});

test("outputs that a roll has nothing for are null, since Pulumi warns of a stack output that is undefined", async () => {
  const { tree } = await mockPulumi();
  const { report, history, ledger } = new RollingDeployment("rollout", validRequest());
  await tree();
  expect(await known(pulumi.all([report, history, ledger]))).toEqual([null, null, null]);
});

test("who is told about rolls is always secret", async () => {
  const { tree, resources } = await mockPulumi();
  const notify = [
    { url: "https://hooks.example.com/x", events: ["failure" as const], format: "slack" as const },
  ];
  new RollingDeployment("rollout", { ...validRequest(), notify });
  await tree();
  expect(resources[0]?.inputs.notify).toEqual(secret(notify));
});

test("what a release is judged by elsewhere is always secret", async () => {
  const { tree, resources } = await mockPulumi();
  const analysisChecks = [{ ...CHECK, url: "https://smoke.example.com/x" }];
  new RollingDeployment("rollout", { ...validRequest(), analysisChecks });
  await tree();
  expect(resources[0]?.inputs.analysisChecks).toEqual(secret(analysisChecks));
});

test("a secret environment stays secret", async () => {
  const { tree, resources } = await mockPulumi();
  const environment = { PASSWORD: "hunter2" };
  new RollingDeployment("rollout", { ...validRequest(), environment: pulumi.secret(environment) });
  await tree();
  expect(resources[0]?.inputs.environment).toEqual(secret(environment));
});

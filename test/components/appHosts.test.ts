import { expect, test } from "vitest";
import { AppHosts } from "../../components/appHosts.ts";
import { known, mockPulumi } from "../support/pulumi.ts";
import { validRequest } from "../support/rollRequest.ts";

const { hosts } = validRequest();

test("every host is a child that is named after it", async () => {
  const { tree } = await mockPulumi();
  new AppHosts("app", { kind: "local", hosts, java: "/opt/java", graceSeconds: 35 });
  expect(await tree()).toEqual([
    "rollgate:index:AppHosts::app",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:LocalHost::app-app-1",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:LocalHost::app-app-2",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:LocalHost::app-app-3",
  ]);
});

test("a host is given where it is, the java that it will run and how long that may take to stop, and nothing else", async () => {
  const { tree, resources } = await mockPulumi();
  new AppHosts("app", { kind: "local", hosts: hosts.slice(0, 1), java: "/opt/java", graceSeconds: 35 });
  await tree();
  expect(resources.map(({ inputs }) => inputs)).toEqual([
    {},
    { ...hosts[0], java: "/opt/java", graceSeconds: 35, __provider: expect.any(String) },
  ]);
});

test("a caller gets the hosts as they were given, so that a preview knows them", async () => {
  await mockPulumi();
  expect(
    await known(new AppHosts("app", { kind: "local", hosts, java: "java", graceSeconds: 35 }).hosts),
  ).toEqual(hosts);
});

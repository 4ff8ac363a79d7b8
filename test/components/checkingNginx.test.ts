import { expect, test } from "vitest";
import type { LocalNginxInputs } from "#rollout/resources/localNginx.ts";
import { CheckingNginx, type CheckingNginxArgs } from "../../components/checkingNginx.ts";
import { known, mockPulumi } from "../support/pulumi.ts";
import { validRequest } from "../support/rollRequest.ts";

const { proxy } = validRequest();
const args: LocalNginxInputs = {
  ...proxy,
  executable: "/usr/sbin/nginx",
  flavour: "auto" as const,
  hosts: validRequest().hosts.map(({ name, address, port }) => ({ name, address, port })),
  healthPath: "/actuator/health",
  check: {
    path: "/actuator/health",
    intervalMilliseconds: 1000,
    rise: 2,
    fall: 3,
    timeoutMilliseconds: 1000,
    expect: ["2xx", "3xx"],
  },
  slowestRequestSeconds: 30,
  settleSeconds: 30,
  leaseWaitSeconds: 0,
  statusAllow: ["10.0.0.0/8"],
} satisfies CheckingNginxArgs;

test("nginx is one child", async () => {
  const { tree } = await mockPulumi();
  new CheckingNginx("nginx", args);
  expect(await tree()).toEqual([
    "rollgate:index:CheckingNginx::nginx",
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:LocalNginx::nginx-server",
  ]);
});

test("the child is given where nginx is, the hosts and the checks, and nothing else", async () => {
  const { tree, resources } = await mockPulumi();
  new CheckingNginx("nginx", args);
  await tree();
  expect(resources.map(({ inputs }) => inputs)).toEqual([{}, { ...args, __provider: expect.any(String) }]);
});

test("a caller gets where nginx is, so that a preview knows it", async () => {
  await mockPulumi();
  const nginx = new CheckingNginx("nginx", args);
  expect(await known(nginx.proxy)).toEqual(proxy);
});

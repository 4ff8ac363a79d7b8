import { expect, test } from "vitest";
import { decideFlavour } from "#kinds/servingInputs.ts";
import type { TwoSlots } from "#rollout/host/slots.ts";
import { readBuild } from "#rollout/nginx/nginxBuild.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { nginxSettings } from "../../../support/nginx.ts";

const hosts = [
  { name: "app-1", address: "10.0.0.1", port: 8080, healthPort: 9090 },
  { name: "app-2", address: "10.0.0.2", port: 8080, healthPort: 9090 },
];
const place = { directory: "/srv/nginx", port: 80 };

test.each(["stock", "njs", "check-module"] as const)(
  "nginx of flavour %s asks for health on the health port, and sends requests to the application's",
  (flavour) => {
    const { text, files } = renderConfiguration(nginxSettings({ ...place, flavour, hosts }));
    expect(text).toContain("proxy_pass http://10.0.0.1:9090/actuator/health;");
    expect(text).toMatch(/server 10\.0\.0\.1:8080\b/);
    expect(text).not.toMatch(/server 10\.0\.0\.1:9090\b/);
    const checks = {
      stock: [],
      njs: ["http://10.0.0.1:9090/actuator/health"],
      "check-module": ["type=http port=9090;"],
    };
    const all = [text, ...files.map((file) => file.text)].join("\n");
    for (const check of checks[flavour]) expect(all).toContain(check);
  },
);

test("without a health port, checks go to the application's", () => {
  const plain = hosts.map(({ healthPort: _, ...host }) => host);
  const { text } = renderConfiguration(nginxSettings({ ...place, flavour: "check-module", hosts: plain }));
  expect(text).toContain("type=http;");
  expect(text).toContain("proxy_pass http://10.0.0.1:8080/actuator/health;");
});

test("two health ports are rejected with the check module, which supports only one", () => {
  const OPEN = { closedPaths: [], openPaths: [], statusAllow: [] };
  const { tls: _, ...plain } = nginxSettings(place);
  const settings = {
    ...plain,
    serverNames: [],
    flavour: "auto" as const,
    settleSeconds: 0,
    leaseWaitSeconds: 0,
  };
  const inputs = { ...settings, check: { ...settings.check, expect: ["2xx"] }, ...OPEN };
  const decide = (two: readonly TwoSlots[], flavours: ["check-module"] | ["njs"]) =>
    decideFlavour({ ...inputs, hosts: [...two] }, { flavours, build: readBuild("") }, "nginx");
  const mixed = hosts.map((host, index) => ({ ...host, healthPort: 9090 + index }));
  expect(decide(hosts, ["check-module"])).toEqual({ flavour: "check-module" });
  expect(decide(mixed, ["njs"])).toEqual({ flavour: "njs" });
  const withSecond = (ports: readonly number[]) =>
    hosts.map((host, index) => {
      const healthPort = ports[index];
      return healthPort ? { ...host, second: { address: host.address, port: 8081, healthPort } } : host;
    });
  expect(decide(withSecond([9091, 9091]), ["check-module"])).toEqual({ flavour: "check-module" });
  for (const ports of [[9091, 9092], [9091]]) {
    expect(decide(withSecond(ports), ["check-module"])).toMatchObject({ property: "hosts" });
  }
  expect(decide(mixed, ["check-module"])).toEqual({
    property: "hosts",
    reason: "expected the same healthPort for all hosts with check-module, which supports only one",
  });
});

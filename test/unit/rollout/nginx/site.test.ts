import { expect, test } from "vitest";
import { decideFlavour } from "#kinds/servingInputs.ts";
import { readBuild } from "#rollout/nginx/nginxBuild.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { hostsInARow, nginxSettings, twoSlotsInARow } from "../../../support/nginx.ts";

const file = (path: string) => ({ path, text: `${path}\n` });

/** Everything that a site can set. */
const ALL = {
  trustedProxies: ["10.0.0.0/8"],
  forwardedBy: "forwarded",
  accessLog: { format: "json", rotateMegabytes: 100, keep: 5 },
  ledgerPaths: true,
  maxBodySize: "1m",
  timeouts: { connectSeconds: 7, sendSeconds: 8, readSeconds: 9, keepAliveSeconds: 10 },
  buffering: { off: ["/exports"] },
  gzip: true,
  largeHeaders: "32k",
  underscoresInHeaders: true,
  balance: "cookie",
  staticFiles: [{ path: "/assets", folder: "/var/www" }],
  errorPages: { 502: file("502.html") },
  maintenance: file("soon.html"),
  directives: file("own.conf"),
  canary: { hosts: ["app-1"], traffic: "testers" },
} as const satisfies Partial<NginxSettings>;

const render = (settings: Partial<NginxSettings> = {}) =>
  renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 80, ...settings }));

test.each([
  ["a small fleet", twoSlotsInARow(2)],
  ["a large one", hostsInARow(20)],
])("every name in the configuration of %s starts with the stack's", (_, hosts) => {
  for (const flavour of ["stock", "njs", "check-module"] as const) {
    const { text } = render({
      ...ALL,
      hosts,
      flavour,
      staticFiles: [...ALL.staticFiles],
      trustedProxies: ["10.0.0.0/8"],
      buffering: { off: ["/exports"] },
      canary: { hosts: ["app-1"], traffic: "testers" },
    });
    const captures = [...text.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name);
    expect(new Set(captures)).toEqual(new Set(["market_got"]));
    const set = [...text.matchAll(/^\s*(?:map|geo|split_clients) .* \$(\w+) \{/gm)].map(
      ([, name = ""]) => name,
    );
    expect(set.filter((name) => !name.startsWith("market_"))).toEqual([]);
    const named = [...text.matchAll(/^\s*(?:upstream|location @|log_format) ?(\w+)/gm)].map(
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !/^market(_|$)|^unreachable$|^checks$|^changes$/.test(name))).toEqual([]);
  }
});

test("the same settings give the same bytes, and another file of the user's another fingerprint", () => {
  const other = { ...file("own.conf"), text: "changed\n" };
  expect(render({ directives: file("own.conf") })).toEqual(render({ directives: file("own.conf") }));
  expect(render({ directives: other }).fingerprint).not.toBe(
    render({ directives: file("own.conf") }).fingerprint,
  );
});

test("each timeout is its own", () => {
  const { text } = render({ timeouts: ALL.timeouts, slowestRequestSeconds: 300 });
  for (const line of ["connect_timeout 7s", "send_timeout 8s", "read_timeout 9s", "read_timeout 3600s"])
    expect(text).toContain(`proxy_${line};`);
  expect(text).toContain("keepalive_timeout 10s 5s;");
  expect(render({ slowestRequestSeconds: 300 }).text).toContain("proxy_read_timeout 300s;");
  expect(render({ slowestRequestSeconds: 5 }).text).toContain("proxy_read_timeout 60s;");
});

test("trusted proxies need an nginx with its realip module", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 80 });
  const { tls: _, ...plain } = settings;
  const open = { closedPaths: [], openPaths: [], statusAllow: [], serverNames: [] };
  const inputs = {
    ...plain,
    ...open,
    check: { ...settings.check, expect: ["2xx"] },
    hosts: [...settings.hosts],
    flavour: "auto" as const,
    settleSeconds: 0,
    leaseWaitSeconds: 0,
    trustedProxies: ["10.0.0.0/8"],
  };
  const decide = (versionOutput: string) =>
    decideFlavour(inputs, { flavours: ["stock"], build: readBuild(versionOutput) }, "the nginx of web");
  expect(decide("configure arguments: --with-http_realip_module")).toEqual({ flavour: "stock" });
  expect(decide("configure arguments: --with-http_ssl_module")).toEqual({
    property: "trustedProxies",
    reason: "expected an nginx with the module http_realip, which the nginx of web is built without",
  });
});

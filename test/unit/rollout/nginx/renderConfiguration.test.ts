import { describe, expect, test } from "vitest";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { hostsOf, renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { hostsInARow, nginxSettings } from "../../../support/nginx.ts";

describe("the bytes of the configuration", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });

  test("the same settings give the same bytes", () => {
    expect(renderConfiguration(structuredClone(settings))).toEqual(renderConfiguration(settings));
  });

  test.each<[string, Partial<NginxSettings>]>([
    ["the port", { port: 8090 }],
    ["a host", { hosts: hostsInARow(3) }],
    ["the order of hosts", { hosts: hostsInARow(2).reverse() }],
    ["the health path", { healthPath: "/health" }],
    ["who may read /status", { statusAllow: ["10.0.0.0/8"] }],
    ["the flavour", { flavour: "check-module" }],
    ["the other flavour", { flavour: "njs" }],
    ["the user", { user: "www-data" }],
  ])("%s changes the fingerprint that nginx answers with", (_, change) => {
    const { text, fingerprint } = renderConfiguration({ ...settings, ...change });
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint).not.toBe(renderConfiguration(settings).fingerprint);
    expect(text).toContain(`${fingerprint}";`);
  });

  test("a change in the script alone changes the fingerprint too", () => {
    const njs = { ...settings, flavour: "njs" } as const;
    const { fingerprint } = renderConfiguration(njs);
    for (const check of [{ rise: 7 }, { fall: 7 }, { expect: ["200"] }, { path: "/ready" }]) {
      const changed = renderConfiguration({ ...njs, check: { ...njs.check, ...check } });
      expect(changed.fingerprint).not.toBe(fingerprint);
    }
  });

  test("the user is set only if root starts nginx", () => {
    const { user: _, ...withoutUser } = settings;
    expect(renderConfiguration({ ...withoutUser, user: "root" }).text).toMatch(/^user root;$/m);
    expect(renderConfiguration(withoutUser).text).not.toMatch(/^user /m);
  });
});

/** The lines of a block, without the space around them. */
function linesOf(text: string, block: string): string[] {
  const begin = text.indexOf(`${block} {\n`);
  if (begin < 0) throw new Error(`no block ${block} in\n${text}`);
  const [inside = ""] = text.slice(begin + block.length + 3).split(/^ {4}\}$/m);
  return inside.trim().split(/\s*\n\s*/);
}

describe("with the check module", () => {
  const { text } = renderConfiguration(
    nginxSettings({
      directory: "/srv/nginx",
      port: 8080,
      flavour: "check-module",
      check: {
        path: "/actuator/health",
        intervalMilliseconds: 3000,
        rise: 2,
        fall: 5,
        timeoutMilliseconds: 1000,
        expect: ["2xx", "3xx"],
      },
    }),
  );

  test("the upstream of all hosts has active checks and no passive failover", () => {
    expect(linesOf(text, "upstream all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
      "check interval=3000 rise=2 fall=5 timeout=1000 type=http;",
      'check_http_send "GET /actuator/health HTTP/1.0\\r\\n\\r\\n";',
      "check_http_expect_alive http_2xx http_3xx;",
    ]);
  });

  test("the smaller upstreams have passive failover, since they are not checked", () => {
    expect(linesOf(text, "upstream drained_1")).toEqual([
      "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
    ]);
    expect(linesOf(text, "upstream drained_2")).toEqual([
      "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
    ]);
  });

  test("/status is the module's own page", () => {
    expect(text).toMatch(
      /location = \/status \{\n\s+if \(\$status_stranger\) \{ return 403; \}\n\s+check_status;\n/,
    );
  });
});

test("the check module gets the statuses of a healthy host", () => {
  const check = {
    path: "/",
    intervalMilliseconds: 500,
    rise: 1,
    fall: 2,
    timeoutMilliseconds: 100,
    expect: ["2xx", "4xx"],
  };
  const { text } = renderConfiguration(
    nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "check-module", check }),
  );
  expect(linesOf(text, "upstream all")).toContain("check_http_expect_alive http_2xx http_4xx;");
});

describe("with nginx's JavaScript module", () => {
  const { text } = renderConfiguration(
    nginxSettings({
      directory: "/srv/nginx",
      port: 8080,
      flavour: "njs",
      njsModule: "/m/ngx_http_js_module.so",
    }),
  );

  test("the checks cover every upstream, so there is no passive failover", () => {
    expect(linesOf(text, "upstream all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
    ]);
    expect(linesOf(text, "upstream drained_1")).toEqual(["server 127.0.0.1:8082 max_fails=0;"]);
  });

  test("the module is loaded, unless it is built in", () => {
    expect(text).toMatch(/^load_module "\/m\/ngx_http_js_module\.so";$/m);
    const builtIn = renderConfiguration(
      nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "njs" }),
    );
    expect(builtIn.text).not.toContain("load_module");
  });

  test("a check ends before the next one starts", () => {
    const period = (intervalMilliseconds: number, timeoutMilliseconds: number) => {
      const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "njs" });
      const check = { ...settings.check, intervalMilliseconds, timeoutMilliseconds };
      return /js_periodic rollgate\.check interval=(\d+)ms;/.exec(
        renderConfiguration({ ...settings, check }).text,
      )?.[1];
    };
    expect([period(3000, 1000), period(1000, 1000), period(500, 2000)]).toEqual(["3000", "1100", "2100"]);
  });
});

test("stock nginx gets no directive that only the check module knows", () => {
  const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080 }));
  expect(linesOf(text, "upstream all")).toEqual([
    "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
    "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
  ]);
  expect(text).not.toMatch(/\bcheck_|\bcheck interval/);
});

test("the application has as much time as the slowest request takes, but at least a minute", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });
  const timeout = (slowestRequestSeconds: number) => {
    const { text } = renderConfiguration({ ...settings, slowestRequestSeconds });
    return /proxy_read_timeout (\d+s);/.exec(linesOf(text, "server").join("\n"))?.[1];
  };
  expect([timeout(5), timeout(300)]).toEqual(["60s", "300s"]);
});

test("the hosts of a configuration can be read back from it, and from no other file", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, hosts: hostsInARow(3) });
  expect(hostsOf(renderConfiguration(settings).text)).toEqual(hostsInARow(3));
  expect(hostsOf("events {}\n")).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { flagSum } from "#rollout/nginx/flagSum.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { hostsOf, renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import type { TlsServing } from "#rollout/nginx/tls/tlsServing.ts";
import { hostsInARow, nginxSettings, twoSlotsInARow } from "../../../support/nginx.ts";

/** The end of every upstream. */
const KEPT = ["keepalive 64;", "keepalive_timeout 50ms;"];

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
    expect(linesOf(text, "upstream market_all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
      "check interval=3000 rise=2 fall=5 timeout=1000 type=http;",
      'check_http_send "GET /actuator/health HTTP/1.0\\r\\n\\r\\n";',
      "check_http_expect_alive http_2xx http_3xx;",
      ...KEPT,
    ]);
  });

  test("the smaller upstreams have passive failover, since they are not checked", () => {
    expect(linesOf(text, "upstream market_drained_1")).toEqual([
      "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
      ...KEPT,
    ]);
    expect(linesOf(text, "upstream market_drained_2")).toEqual([
      "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
      ...KEPT,
    ]);
  });

  /** The upstreams with active checks. */
  function checked(hosts: NginxSettings["hosts"], settings: Partial<NginxSettings> = {}): string[] {
    const { text } = renderConfiguration(
      nginxSettings({ directory: "/srv/nginx", port: 8080, flavour: "check-module", hosts, ...settings }),
    );
    const blocks = [...text.matchAll(/^ {4}upstream market_(\S+) \{\n([^}]*)/gm)];
    return blocks.filter(([, , lines]) => lines?.includes("check interval=")).map(([, name]) => name ?? "");
  }

  test("upstreams that may serve until the next roll are checked: one slot of every host", () => {
    expect(checked(twoSlotsInARow(1))).toEqual(["all", "drained_1", "drained_2"]);
    expect(checked(twoSlotsInARow(2))).toEqual([
      "all",
      "drained_1_3",
      "drained_1_4",
      "drained_2_3",
      "drained_2_4",
    ]);
    expect(checked(hostsInARow(2))).toEqual(["all"]);
  });

  test("with canaries, upstreams of canaries alone and of the others alone are checked too", () => {
    const canary = { hosts: ["app-2"], traffic: "testers" as const };
    expect(checked(hostsInARow(3), { canary })).toEqual(["all", "drained_2", "drained_1_3"]);
  });

  test("a large fleet is checked in the upstreams of its groups too, a slot at most six times", () => {
    const hosts = twoSlotsInARow(50);
    const names = checked(hosts);
    expect(names.filter((name) => !name.startsWith("group_"))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith("group_7_"))).toEqual([
      "group_7_0101",
      "group_7_0110",
      "group_7_1001",
      "group_7_1010",
    ]);
  });

  test("slots with a health port of their own are not checked in one upstream with others", () => {
    const hosts = twoSlotsInARow(2).map((host) => ({
      ...host,
      healthPort: 9090,
      second: { ...host.second, address: host.address, port: host.port + 2, healthPort: 9091 },
    }));
    expect(checked(hosts)).toEqual(["drained_1_3", "drained_2_4"]);
  });

  test("/status is the module's own page", () => {
    expect(text).toMatch(/location = \/status \{\n\s+check_status;\n/);
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
  expect(linesOf(text, "upstream market_all")).toContain("check_http_expect_alive http_2xx http_4xx;");
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
    expect(linesOf(text, "upstream market_all")).toEqual([
      "server 127.0.0.1:8081 max_fails=0;",
      "server 127.0.0.1:8082 max_fails=0;",
      ...KEPT,
    ]);
    expect(linesOf(text, "upstream market_drained_1")).toEqual([
      "server 127.0.0.1:8082 max_fails=0;",
      ...KEPT,
    ]);
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
      return /js_periodic market\.check interval=(\d+)ms;/.exec(
        renderConfiguration({ ...settings, check }).text,
      )?.[1];
    };
    expect([period(3000, 1000), period(1000, 1000), period(500, 2000)]).toEqual(["3000", "1100", "2100"]);
  });
});

test("stock nginx gets no directive that only the check module knows", () => {
  const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080 }));
  expect(linesOf(text, "upstream market_all")).toEqual([
    "server 127.0.0.1:8081 max_fails=3 fail_timeout=2s;",
    "server 127.0.0.1:8082 max_fails=3 fail_timeout=2s;",
    ...KEPT,
  ]);
  expect(text).not.toMatch(/\bcheck_|\bcheck interval/);
});

test("the application has as much time as the slowest request takes, but at least a minute", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });
  const timeout = (slowestRequestSeconds: number) => {
    const { text } = renderConfiguration({ ...settings, slowestRequestSeconds });
    return /return 503.*?proxy_read_timeout (\d+s);/s.exec(text)?.[1];
  };
  expect([timeout(5), timeout(300)]).toEqual(["60s", "300s"]);
});

test.each([
  ["3 hosts", hostsInARow(3)],
  ["3 hosts with two slots", twoSlotsInARow(3)],
  ["50 hosts with two slots", twoSlotsInARow(50)],
  ["hosts with health ports", twoSlotsInARow(2).map((host) => ({ ...host, healthPort: 9090 }))],
])("%s can be read back from a configuration, in lines that nginx accepts", (_, hosts) => {
  const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080, hosts }));
  expect(hostsOf(text)).toEqual(hosts);
  for (const line of text.split("\n")) if (line.startsWith("#")) expect(line.length).toBeLessThan(4096);
});

test("no hosts are read from another file", () => {
  expect(hostsOf("events {}\n")).toBeUndefined();
});

test("an nginx of others gets no ledger unless the access log is set, which it would replace otherwise", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, isForeign: true });
  const texts = (configured: NginxSettings) =>
    [renderConfiguration(configured)].map(({ text, files }) =>
      [text, ...files.map((file) => file.text)].join("\n"),
    );
  expect(texts(settings).join()).not.toContain("ledger");
  const accessLog = {
    format: "combined",
    path: "/var/log/nginx/shop.log",
    rotateMegabytes: 100,
    keep: 5,
  } as const;
  expect(texts({ ...settings, accessLog }).join()).toContain("/srv/nginx/logs/ledger.log");
});

describe("the shortcut of a fleet at rest", () => {
  const shortcuts = (settings: Partial<NginxSettings>) => {
    const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080, ...settings }));
    return text.split("\n").flatMap((line) => (/\.sum\..*market_way/.test(line) ? [line.trim()] : []));
  };

  test("is one file for hosts with one slot, where no flag is raised", () => {
    expect(shortcuts({})).toEqual(
      [[], ["_ledger"]].map((flags) => `if (-f "drained/${flagSum(flags)}$market_way") {`),
    );
  });

  test.each([2, 50])("is one file for the first slots and one for the second slots of %d hosts", (size) => {
    const hosts = twoSlotsInARow(size);
    const slots = [hosts.map(({ name }) => `${name}_b`), hosts.map(({ name }) => name)];
    const flags = slots.flatMap((names) => [names, [...names, "_ledger"]]);
    const lines = shortcuts({ hosts });
    expect(lines.map((line) => line.replace(/^.*(\.sum\.[0-9a-f]+).*$/, "$1"))).toEqual(flags.map(flagSum));
  });

  test.each([
    ["no access log", {}, ["access_log off;"]],
    [
      "an access log",
      { accessLog: { format: "json", rotateMegabytes: 100, keep: 5 } },
      ['access_log "/srv/nginx/logs/access.log" market buffer=32k flush=1s;'],
    ],
  ] as const)("keeps to %s, and has the ledger only for the flags of a roll", (_, settings, logs) => {
    const { text } = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080, ...settings }));
    const [atRest, counted] = text
      .split("\n            if (-f ")
      .filter((block) => /^"[^"]*\.sum\..*market_way/.test(block))
      .map((block) => block.split("\n").flatMap((line) => line.match(/(?:access_log|set) .*/) ?? []));
    expect(atRest).toEqual(logs);
    expect(counted?.slice(0, -1)).toEqual([
      ...logs.filter((line) => line !== "access_log off;"),
      'access_log "/srv/nginx/logs/ledger.log" market_ledger buffer=64k flush=50ms;',
      "set $market_ledger 1;",
    ]);
  });

  test("is not there while some hosts are canaries", () => {
    expect(shortcuts({ canary: { hosts: ["app-1"], traffic: "share" } })).toEqual([]);
  });
});

describe("a server for the roll's own requests", () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080, hosts: twoSlotsInARow(2) });
  const { text, fingerprint } = renderConfiguration({ ...settings, probes: true });
  const own = /^ *# For the rollout's own requests[\s\S]*?^ {4}\}\n/m;
  const [probes = ""] = own.exec(text) ?? [];

  test("changes nothing for clients", () => {
    const plain = renderConfiguration(settings);
    const without = text
      .replace(own, "")
      .replace(/^ *log_format market_probe_ledger .*\n/m, "")
      .replace('"ledger flushed:50 probes"', '"ledger flushed:50"')
      .replaceAll(fingerprint, plain.fingerprint);
    expect(without).toBe(plain.text);
  });

  test("listens where no client gets, and has the lines of theirs but for the logs", () => {
    expect(probes).toContain(`listen 127.0.0.2:${settings.controlPort};`);
    const linesFor = (block: string) => block.match(/^ +(?:proxy_pass |if \(-f ).*$/gm);
    const clients = text.slice(text.lastIndexOf("server {"));
    expect(linesFor(probes)).toEqual(linesFor(clients));
    expect(probes).not.toContain("market_ledger buffer");
    expect(clients).not.toContain("probe_ledger");
  });

  test("looks to the application like that of clients, also with HTTPS", () => {
    expect(probes).toContain("proxy_set_header X-Forwarded-Proto http;");
    const tls = { ...TLS, publicPort: 8443 };
    const secure = own.exec(renderConfiguration({ ...settings, probes: true, tls }).text)?.[0];
    expect(secure).toContain("proxy_set_header X-Forwarded-Proto https;");
    expect(secure).toContain("proxy_set_header X-Forwarded-Port 8443;");
    expect(secure).not.toContain("ssl");
  });

  test("is not there in an nginx that writes no such lines", () => {
    const foreign = renderConfiguration({ ...settings, probes: true, isForeign: true }).text;
    expect(foreign).not.toContain("127.0.0.2");
  });
});

const TLS: TlsServing = {
  certificate: "/srv/tls/certificate.pem",
  key: "/srv/tls/key.pem",
  port: 8443,
  publicPort: 443,
  http2: "off",
  http3: false,
  canReject: true,
  profile: "intermediate",
  redirect: true,
  hstsSeconds: 0,
};

test.each([55, 150, 667, 910])("each of %d hosts is drawn as often as any other", (size) => {
  const { text } = renderConfiguration(
    nginxSettings({ directory: "/srv/nginx", port: 8080, hosts: twoSlotsInARow(size) }),
  );
  const [draw = ""] = /(?<=split_clients "1 .*\{ ).*(?=\* 1; \})/.exec(text) ?? [];
  const shares = Array.from(draw.matchAll(/([\d.]+)% \d+;/g), ([, share]) => Math.round(Number(share) * 100));
  expect(shares).toHaveLength(size - 1);
  const first = 10_000 - shares.reduce((sum, share) => sum + share, 0);
  expect(Math.max(first, ...shares) - Math.min(first, ...shares)).toBeLessThanOrEqual(1);
});

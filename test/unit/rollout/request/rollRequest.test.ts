import { describe, expect, test } from "vitest";
import { kinds } from "#kinds/kinds.ts";
import { InvalidInput } from "#rollout/common/errors.ts";
import { rollRequest } from "#rollout/request/rollRequest.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { validRequest, withValue } from "../../../support/rollRequest.ts";

function messages(request: unknown): string[] {
  return problemsOf(kinds.request, request).map(({ message }) => message);
}

test("a valid request is accepted unchanged", () => {
  expect(parse(kinds.request, validRequest())).toEqual(validRequest());
});

test("the rollout accepts hosts of an unknown kind, with that kind's own fields", () => {
  const {
    hosts,
    proxies: [proxy],
    ...rest
  } = validRequest();
  const namespaces = {
    ...rest,
    hosts: hosts.map(({ directory: _, ...host }) => ({ ...host, kind: "namespace", namespace: host.name })),
    proxies: [{ kind: "namespace", address: proxy.address, port: proxy.port }],
  };
  expect(parse(rollRequest, namespaces)).toEqual(namespaces);
  expect(messages(namespaces)).toContain(
    'hosts[0].kind: expected local, docker, ssh or kubernetes, got "namespace"',
  );
});

describe("numbers stay within their bounds", () => {
  const bounds: [path: string, minimum: number, maximum: number][] = [
    ["hosts[2].port", 1, 65_535],
    ["proxies[0].port", 1, 65_535],
    ["health.passes", 1, 100],
    ["health.intervalMilliseconds", 10, 60_000],
    ["health.timeoutMilliseconds", 10, 60_000],
    ["health.deadlineSeconds", 1, 3600],
    ["timing.settleSeconds", 0, 3600],
    ["timing.graceSeconds", 0, 3600],
    ["timing.soakSeconds", 0, 86_400],
    ["timing.rollDeadlineSeconds", 1, 86_400],
    ["timing.leaseWaitSeconds", 0, 86_400],
    ["timing.slowestRequestSeconds", 0, 3600],
    ["timing.shutdownPhaseSeconds", 0, 3600],
    ["minimumHealthy", 0, 1000],
    ["keepReleases", 2, 100],
  ];

  test.each(bounds)("%s from %d to %d", (path, minimum, maximum) => {
    for (const value of [minimum - 1, maximum + 1, minimum + 0.5]) {
      expect(messages(withValue(validRequest(), path, value))).toEqual([
        `${path}: expected ${minimum}–${maximum}, got ${value}`,
      ]);
    }
    for (const value of [minimum, maximum]) {
      expect(messages(withValue(validRequest(), path, value))).not.toContainEqual(
        expect.stringContaining(`expected ${minimum}–${maximum}`),
      );
    }
  });

  test.each(bounds)("%s must be a string, and not missing", (path, minimum, maximum) => {
    expect(messages(withValue(validRequest(), path, "5"))).toEqual([
      `${path}: expected ${minimum}–${maximum}, got "5"`,
    ]);
    expect(messages(withValue(validRequest(), path, undefined))).toEqual([
      `${path}: expected ${minimum}–${maximum}, got nothing`,
    ]);
  });
});

describe("strings have the right format", () => {
  test.each([
    ["hosts[2].port", 70_000, "expected 1–65535, got 70000"],
    ["hosts[0].name", "App_1", 'expected 1–32 lower-case letters, digits and inner hyphens, got "App_1"'],
    ["hosts[0].name", "", 'expected 1–32 lower-case letters, digits and inner hyphens, got ""'],
    ["hosts[0].name", "-a", 'expected 1–32 lower-case letters, digits and inner hyphens, got "-a"'],
    ["hosts[0].name", "a-", 'expected 1–32 lower-case letters, digits and inner hyphens, got "a-"'],
    ["hosts[0].name", "../a", 'expected 1–32 lower-case letters, digits and inner hyphens, got "../a"'],
    [
      "hosts[0].name",
      "a".repeat(33),
      `expected 1–32 lower-case letters, digits and inner hyphens, got "${"a".repeat(33)}"`,
    ],
    ["hosts[0].name", 7, "expected a string, got 7"],
    ["hosts[0].name", undefined, "expected a string, got nothing"],
    ["hosts[0].address", "localhost", 'expected an IP address, got "localhost"'],
    ["hosts[0].address", "127.0.0.256", 'expected an IP address, got "127.0.0.256"'],
    ["hosts[0].address", "fe80::1%eth0", 'expected an IP address, got "fe80::1%eth0"'],
    ["hosts[0].address", "0.0.0.0", 'expected the address of one host, got "0.0.0.0"'],
    ["hosts[0].address", "::", 'expected the address of one host, got "::"'],
    ["hosts[0].address", "::ffff:10.0.0.1", 'expected the address of one host, got "::ffff:10.0.0.1"'],
    ["hosts[0].directory", "hosts/app-1", 'expected an absolute path, got "hosts/app-1"'],
    ["hosts[0].colour", "red", "unknown setting"],
    ["hosts[0].kind", "podman", 'expected local, docker, ssh or kubernetes, got "podman"'],
    ["proxies[0].address", "example.org", 'expected an IP address, got "example.org"'],
    ["proxies[0].directory", "nginx", 'expected an absolute path, got "nginx"'],
    [
      "proxies[0].directory",
      '/srv/"nginx"',
      'expected a path without quotes, $ and \\, which are special to nginx, got "/srv/\\"nginx\\""',
    ],
    [
      "proxies[0].directory",
      "/srv/$pid",
      'expected a path without quotes, $ and \\, which are special to nginx, got "/srv/$pid"',
    ],
    ["health.path", "actuator", 'expected a path such as /actuator/health, got "actuator"'],
    ["health.path", "/a b", 'expected a path such as /actuator/health, got "/a b"'],
    ["health.path", "/a;}", 'expected a path such as /actuator/health, got "/a;}"'],
    ["health.path", "/$uri", 'expected a path such as /actuator/health, got "/$uri"'],
    ["health.path", '/"', 'expected a path such as /actuator/health, got "/\\""'],
    ["launch.java", "", "expected the java command, got an empty string"],
    ["launch.java", 17, "expected a string, got 17"],
    ["launch.jvmOptions[0]", 512, "expected a string, got 512"],
    ["launch.arguments[0]", true, "expected a string, got true"],
    ["environment.2ND", "x", "expected the name of an environment variable"],
    ["environment.DATABASE-URL", "x", "expected the name of an environment variable"],
    ["jar.path", "app.jar", 'expected an absolute path, got "app.jar"'],
    ["onFailure", "retry", 'expected rollback or halt, got "retry"'],
    ["wrong", 1, "unknown setting"],
    ["health.wrong", 1, "unknown setting"],
  ])("%s is rejected if it is %j", (path, value, reason) => {
    expect(messages(withValue(validRequest(), path, value))).toEqual([`${path}: ${reason}`]);
  });

  test.each([
    ["hosts[0].name", "a"],
    ["hosts[0].name", "0"],
    ["hosts[0].name", "a".repeat(32)],
    ["hosts[0].address", "::1"],
    ["hosts[0].address", "10.1.2.3"],
    ["proxies[0].directory", "/srv/my nginx (it's mine)"],
    ["proxies[0].address", "0.0.0.0"],
    ["proxies[0].address", "::"],
    ["health.path", "/"],
    ["health.path", "/actuator/health/readiness%20a,b&c=@~!*(d)"],
    ["environment._x", ""],
  ])("%s may be %j", (path, value) => {
    expect(messages(withValue(validRequest(), path, value))).toEqual([]);
  });

  test("an invalid hash is rejected, naming its path", () => {
    expect(messages(withValue(validRequest(), "jar.sha256", "abc"))).toEqual([
      expect.stringMatching(/^jar\.sha256: expected /),
    ]);
  });
});

test.each([
  ["hosts", "app-1"],
  ["hosts[1]", "app-2"],
  ["launch.jvmOptions", "-Xmx1g"],
  ["health", undefined],
])("%s with another shape is rejected, naming its path: %j", (path, value) => {
  expect(messages(withValue(validRequest(), path, value))).toEqual([
    expect.stringMatching(new RegExp(`^${RegExp.escape(path)}: \\S`)),
  ]);
});

test.each([
  ["environment.PIN", 4711],
  ["environment", ["PIN=4711"]],
])("a message about %s says what is expected, and never shows a secret", (path, value) => {
  const [message] = messages(withValue(validRequest(), path, value));
  expect(message).toMatch(new RegExp(`^${RegExp.escape(path)}: expected `));
  expect(message).not.toContain("4711");
});

describe("settings must agree with each other", () => {
  test("a fleet needs at least one host", () => {
    expect(messages({ ...validRequest(), hosts: [] })[0]).toBe("hosts: expected at least one host, got none");
  });

  test("a fleet has at most 1,000 hosts", () => {
    const hosts = Array.from({ length: 1001 }, (_, index) => ({
      ...validRequest().hosts[0],
      name: `app-${index}`,
      port: 9000 + index,
    }));
    expect(messages({ ...validRequest(), hosts })).toEqual(["hosts: expected at most 1,000 hosts"]);
    expect(messages({ ...validRequest(), hosts: hosts.slice(1) })).toEqual([]);
  });

  test("two hosts with the same name are rejected at the second one", () => {
    expect(messages(withValue(validRequest(), "hosts[2].name", "app-1"))).toEqual([
      "hosts[2].name: expected a unique name, got app-1 as in hosts[0]",
    ]);
  });

  test("two hosts at the same address are rejected at the second one", () => {
    expect(messages(withValue(validRequest(), "hosts[2].port", 8082))).toEqual([
      "hosts[2].port: expected a unique address and port, got 127.0.0.1:8082 as in hosts[1]",
    ]);
  });

  test("two spellings of an IPv6 address are the same address", () => {
    const one = withValue(validRequest(), "hosts[0]", { ...validRequest().hosts[0], address: "::1" });
    const both = withValue(one, "hosts[1]", {
      ...validRequest().hosts[1],
      address: "0:0:0:0:0:0:0:1",
      port: 8081,
    });
    expect(messages(both)).toEqual([
      expect.stringMatching(
        /^hosts\[1\]\.port: expected a unique address and port, got .*8081 as in hosts\[0\]$/,
      ),
    ]);
  });

  test("the same port at two addresses is no clash", () => {
    const request = withValue(validRequest(), "hosts[1].port", 8081);
    expect(messages(withValue(request, "hosts[1].address", "127.0.0.2"))).toEqual([]);
  });

  test("nginx must not use the port of a host", () => {
    expect(messages(withValue(validRequest(), "proxies[0].port", 8082))).toEqual([
      "proxies[0].port: expected a unique port, got 8082, the port of app-2",
    ]);
  });

  test.each([
    ["none", [], ["proxies: expected at least one nginx, got none"]],
    ["one", {}, ["proxies: expected a list of nginx, got {}"]],
    ["two in one place", [{}, {}], ["proxies[1]: expected another nginx, got the same one again"]],
    [
      "two on one port",
      [{}, { directory: "/srv/nginx-2", controlPort: 18_090 }],
      ["proxies[1].port: expected a unique port, got 8080, a port of another nginx"],
    ],
    [
      "the second on a host's port",
      [{}, { directory: "/srv/nginx-2", port: 8082, controlPort: 18_090 }],
      ["proxies[1].port: expected a unique port, got 8082, the port of app-2"],
    ],
    [
      "two that the rollout reaches on one port",
      [{}, { directory: "/srv/nginx-2", port: 8090 }],
      ["proxies[1].controlPort: expected a unique port, got 18080, a port of another nginx"],
    ],
    ["nine", Array.from({ length: 9 }, () => ({})), ["proxies: expected at most 8 nginx"]],
    ["two in two places", [{}, { directory: "/srv/nginx-2", port: 8090, controlPort: 18_090 }], []],
  ])("several nginx: %s", (_, changes, expected) => {
    const {
      proxies: [proxy],
    } = validRequest();
    const proxies = Array.isArray(changes) ? changes.map((change) => ({ ...proxy, ...change })) : changes;
    expect(messages(withValue(validRequest(), "proxies", proxies))).toEqual(expected);
  });

  test("at least one host can always be taken out", () => {
    expect(messages({ ...validRequest(), minimumHealthy: 3 })).toEqual([
      "minimumHealthy: expected less than the number of hosts (3), got 3: no host could ever be taken out",
    ]);
  });

  test("the health deadline leaves time for all passes", () => {
    const request = withValue(validRequest(), "health.intervalMilliseconds", 1000);
    expect(messages(withValue(request, "health.deadlineSeconds", 1))).toEqual([
      "health.deadlineSeconds: expected at least 2 passes × 1000 ms, got 1 s",
    ]);
    expect(messages(withValue(request, "health.deadlineSeconds", 2))).toEqual([]);
  });

  test("a drained host gets the time that the slowest request takes", () => {
    expect(messages(withValue(validRequest(), "timing.slowestRequestSeconds", 31))).toEqual([
      "timing.settleSeconds: expected at least slowestRequestSeconds (31), got 30",
    ]);
    expect(messages(withValue(validRequest(), "timing.slowestRequestSeconds", 30))).toEqual([]);
  });

  test("an application gets the time that its own shutdown takes", () => {
    expect(messages(withValue(validRequest(), "timing.shutdownPhaseSeconds", 36))).toEqual([
      "timing.graceSeconds: expected at least shutdownPhaseSeconds (36), got 35",
    ]);
    expect(messages(withValue(validRequest(), "timing.shutdownPhaseSeconds", 35))).toEqual([]);
  });

  test("a release that the hosts keep needs no jar", () => {
    expect(messages(withValue(validRequest(), "jar", undefined))).toEqual([]);
  });

  test("all problems are named, not only the first", () => {
    const request = withValue(validRequest(), "hosts[0].port", 0);
    expect(messages(withValue(request, "keepReleases", 1))).toEqual([
      "hosts[0].port: expected 1–65535, got 0",
      "keepReleases: expected 2–100, got 1",
    ]);
  });
});

test("parse throws the first problem, with path and reason separate", () => {
  const error = (() => {
    try {
      return parse(kinds.request, withValue(validRequest(), "hosts[2].port", 70_000));
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(InvalidInput);
  expect(error).toMatchObject({
    property: "hosts[2].port",
    reason: "expected 1–65535, got 70000",
    code: "invalid-input",
  });
});

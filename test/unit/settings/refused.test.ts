import { describe, expect, onTestFinished, test, vi } from "vitest";
import { refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const twoHosts = [
  { name: "app-1", port: 8081 },
  { name: "app-2", port: 8082 },
];

describe("a wrong setting is rejected with one line that names it", () => {
  const fewPasses = { healthPasses: 3, healthIntervalMilliseconds: 1000, healthDeadlineSeconds: 2 };

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    [
      "two hosts with one name",
      { hosts: [twoHosts[0], { name: "app-1", port: 8082 }] },
      "hosts[1].name: expected a unique name, got app-1 as in hosts[0]",
    ],
    [
      "two hosts with one address",
      { hosts: [twoHosts[0], { name: "app-2", port: 8081 }] },
      "hosts[1].port: expected a unique address and port, got 127.0.0.1:8081 as in hosts[0]",
    ],
    [
      "a port out of range",
      { hosts: [...twoHosts, { name: "app-3", port: 70_000 }] },
      "hosts[2].port: expected 1–65535, got 70000",
    ],
    [
      "a port that is missing",
      { hosts: [{ name: "app-1" }] },
      "hosts[0].port: expected 1–65535, got nothing",
    ],
    [
      "a name that could not be a folder",
      { hosts: [{ name: "App 1", port: 8081 }, twoHosts[1]] },
      'hosts[0].name: expected 1–32 lower-case letters, digits and inner hyphens, got "App 1"',
    ],
    [
      "an address that is none",
      { hosts: [{ ...twoHosts[0], address: "localhost" }, twoHosts[1]] },
      'hosts[0].address: expected an IP address, got "localhost"',
    ],
    ["no host", { hosts: [] }, "hosts: expected at least one host, got none"],
    ["a host that is a text", { hosts: ["app-1"] }, "hosts[0].name: expected a string, got nothing"],
    [
      "an unknown key inside a host",
      { hosts: [{ ...twoHosts[0], colour: "red" }, twoHosts[1]] },
      "hosts[0].colour: unknown setting",
    ],
    [
      "a key inside a host that is not for the stack file to set",
      { hosts: [{ ...twoHosts[0], directory: "/srv/app" }, twoHosts[1]] },
      "hosts[0].directory: unknown setting",
    ],
    [
      "a kind of its own for a host",
      { hosts: [twoHosts[0], { ...twoHosts[1], kind: "lambda" }] },
      "hosts[1].kind: unknown setting",
    ],
    [
      "an address that stands for every address",
      { hosts: [{ ...twoHosts[0], address: "0.0.0.0" }, twoHosts[1]] },
      'hosts[0].address: expected the address of one host, got "0.0.0.0"',
    ],
    [
      "nginx on the port of a host",
      { nginxPort: 8082 },
      "nginxPort: expected a unique port, got 8082, the port of app-2",
    ],
    ["nginx on a port out of range", { nginxPort: 0 }, "nginxPort: expected 1–65535, got 0"],
    ["a port in words", { nginxPort: "http" }, 'nginxPort: expected 1–65535, got "http"'],
    [
      "an address of nginx that is none",
      { nginxAddress: "example.org" },
      'nginxAddress: expected an IP address, got "example.org"',
    ],
    [
      "a Spring profile that is no name",
      { springProfiles: ["prod", "a b"] },
      'springProfiles[1]: expected a name such as prod, got "a b"',
    ],
    [
      "Spring profiles in two places",
      { springProfiles: ["prod"], arguments: ["--spring.profiles.active=dev"] },
      "arguments: expected profiles only in springProfiles, got some here too",
    ],
    [
      "profiles in springProfiles and as a system property",
      { springProfiles: ["prod"], jvmOptions: ["-Dspring.profiles.active=dev"] },
      "jvmOptions: expected profiles only in springProfiles, got some here too",
    ],
    [
      "profiles in springProfiles and as a variable",
      { springProfiles: ["prod"], environment: { SPRING_PROFILES_ACTIVE: "dev" } },
      "environment: expected profiles only in springProfiles, got some here too",
    ],
    [
      "an argument that rollgate gives itself",
      { arguments: ["--debug", "--server.address=0.0.0.0"] },
      'arguments[1]: expected the address only in hosts[].address, got "--server.address=0.0.0.0"',
    ],
    [
      "a variable that rollgate overrides",
      { environment: { SERVER_PORT: "9090" } },
      "environment.SERVER_PORT: expected the port only in hosts[].port, got it here",
    ],
    ["an unknown setting", { prot: 8080 }, "prot: unknown setting; Pulumi.yaml lists all settings"],
    [
      "a misspelled setting",
      { nginxport: 8080 },
      "nginxport: unknown setting (did you mean nginxPort?); Pulumi.yaml lists all settings",
    ],
    [
      "a misspelled setting of a host",
      { hosts: [{ name: "app-1", port: 8080, jvmOption: [] }] },
      "hosts[0].jvmOption: unknown setting (did you mean jvmOptions?)",
    ],
    ["a negative time", { settleSeconds: -1 }, "settleSeconds: expected 0–3600, got -1"],
    ["a negative grace", { graceSeconds: -30 }, "graceSeconds: expected 0–3600, got -30"],
    [
      "less time to settle than the slowest request takes",
      { settleSeconds: 10, slowestRequestSeconds: 20 },
      "settleSeconds: expected at least slowestRequestSeconds (20), got 10",
    ],
    [
      "less grace than the application takes to stop",
      { graceSeconds: 10, shutdownPhaseSeconds: 20 },
      "graceSeconds: expected at least shutdownPhaseSeconds (20), got 10",
    ],
    ["no time for the roll", { rollDeadlineSeconds: 0 }, "rollDeadlineSeconds: expected 1–86400, got 0"],
    [
      "another answer to a failure than there is",
      { onFailure: "retry" },
      'onFailure: expected rollback or halt, got "retry"',
    ],
    ["a soak of half a second", { soakSeconds: 0.5 }, 'soakSeconds: expected 0–86400, got "0.5"'],
    ["no passes", { healthPasses: 0 }, "healthPasses: expected 1–100, got 0"],
    [
      "a deadline shorter than its passes take",
      fewPasses,
      "healthDeadlineSeconds: expected at least 3 passes × 1000 ms, got 2 s",
    ],
    [
      "as many hosts that must serve as there are",
      { minimumHealthy: 2 },
      "minimumHealthy: expected less than the number of hosts (2), got 2: no host could ever be taken out",
    ],
    [
      "a batch of no size",
      { batch: "all" },
      'batch[0]: expected a number of hosts or a percentage such as 25%, got "all"',
    ],
    [
      "an unknown order",
      { order: "new-first" },
      'order: expected auto, start-first or stop-first, got "new-first"',
    ],
    [
      "a maxUnavailable that is neither a number nor a percentage",
      { maxUnavailable: "half" },
      'maxUnavailable: expected a number of hosts or a percentage such as 25%, got "half"',
    ],
    [
      "a maxUnavailable beside a minimumHealthy",
      { maxUnavailable: 1, minimumHealthy: 1 },
      "maxUnavailable: expected either this or minimumHealthy, got 1 and 1",
    ],
    [
      "a minimumHealthy that is no number",
      { minimumHealthy: "most" },
      'minimumHealthy: expected 0–1000, got "most"',
    ],
    ["a negative minimumHealthy", { minimumHealthy: -1 }, "minimumHealthy: expected 0–1000, got -1"],
    [
      "a health path without a slash",
      { healthPath: "actuator/health" },
      'healthPath: expected a path such as /actuator/health, got "actuator/health"',
    ],
    [
      "a health path with characters special to nginx",
      { healthPath: "/health; }" },
      'healthPath: expected a path such as /actuator/health, got "/health; }"',
    ],
    [
      "a kind that there is not",
      { kind: "nomad" },
      "kind: expected local, docker, ssh or kubernetes, got nomad",
    ],
    [
      "a flavour that there is not",
      { nginxFlavour: "plus" },
      'nginxFlavour: expected auto, stock, njs or check-module, got "plus"',
    ],
    [
      "a bad name of an environment variable",
      { environment: { "DATABASE-URL": "x" } },
      "environment.DATABASE-URL: expected the name of an environment variable",
    ],
    [
      "a status network that is none",
      { statusAllow: ["10.0.0.0/8", "10.0.0.0/33"] },
      'statusAllow[1]: expected an address or a network such as 10.0.0.0/8, got "10.0.0.0/33"',
    ],
    ["a health port out of range", { healthPort: 70_000 }, "healthPort: expected 0–65535, got 70000"],
    [
      "a health port of a host out of range",
      { hosts: [{ ...twoHosts[0], healthPort: 0 }, twoHosts[1]] },
      "hosts[0].healthPort: expected 1–65535, got 0",
    ],
    [
      "one health port for two hosts of one address",
      { healthPort: 9090 },
      "hosts[1].healthPort: expected a unique address and port, got 127.0.0.1:9090 as in hosts[0]",
    ],
    [
      "the port of another host for health",
      { hosts: [twoHosts[0], { ...twoHosts[1], healthPort: 8081 }] },
      "hosts[1].healthPort: expected a unique address and port, got 127.0.0.1:8081 as in hosts[0]",
    ],
    [
      "nginx on the health port of a host",
      { nginxPort: 9090, hosts: [{ ...twoHosts[0], healthPort: 9090 }, twoHosts[1]] },
      "nginxPort: expected a unique port, got 9090, the port of app-1",
    ],
    [
      "a text for the options of a host",
      { hosts: [{ ...twoHosts[0], jvmOptions: "-Xmx1g" }, twoHosts[1]] },
      'hosts[0].jvmOptions: expected a list, got "-Xmx1g"',
    ],
    [
      "a variable of a host with a bad name",
      { hosts: [twoHosts[0], { ...twoHosts[1], environment: { "A-B": "x" } }] },
      "hosts[1].environment.A-B: expected the name of an environment variable",
    ],
    [
      "an environment of a host that is a list",
      { hosts: [{ ...twoHosts[0], environment: ["A=1"] }, twoHosts[1]] },
      "hosts[0].environment: expected names and values of environment variables",
    ],
    [
      "an argument that rollgate gives itself, beside profiles",
      { springProfiles: ["prod"], arguments: ["--debug", "--server.port=1"] },
      'arguments[1]: expected the port only in hosts[].port, got "--server.port=1"',
    ],
    ["no java", { java: "" }, "java: expected the java command, got an empty string"],
    [
      "a JVM option that is no text",
      { jvmOptions: ["-Xmx1g", { a: 1 }] },
      "jvmOptions[1]: expected a string, got an object",
    ],
    [
      "an argument that YAML may have written anew",
      { arguments: [1.1] },
      "arguments[0]: expected a string: put a number in quotes, or set it with `--type string`",
    ],
    [
      "a Spring profile that is nothing",
      { springProfiles: [null] },
      "springProfiles[0]: expected a string, got nothing",
    ],
    ["one release to keep", { keepReleases: 1 }, "keepReleases: expected 2–100, got 1"],
    [
      "checks that are too frequent",
      { checkIntervalMilliseconds: 1 },
      "checkIntervalMilliseconds: expected 100–600000, got 1",
    ],
    ["a check that never rises", { checkRise: 0 }, "checkRise: expected 1–100, got 0"],
    [
      "a text where a list is expected",
      { hosts: "app-1" },
      "hosts: expected a list or an object, got a string",
    ],
    ["a number where a list is expected", { jvmOptions: 5 }, "jvmOptions: expected a list, got 5"],
    [
      "an object where a list is expected",
      { arguments: { a: 1 } },
      'arguments: expected a list, got {"a":1}',
    ],
    [
      "a list in bad JSON",
      { hosts: '[{"name": "app-1",' },
      "hosts: expected a list or an object, got a string",
    ],
    [
      "an environment in bad JSON",
      { environment: '{"A": "1"' },
      "environment: expected a list or an object, got a string",
    ],
    [
      "a directory with characters special to nginx",
      { directory: "/srv/$stack" },
      'directory: expected a path without quotes, $ and \\, which are special to nginx, got "/srv/$stack/nginx"',
    ],
    ["no nginx", { nginx: "" }, "nginx: expected the nginx command, got an empty string"],
    ["neither a jar nor a release", { jar: "" }, "jar: expected a jar or a release, got neither"],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });

  test("a secret that would not stay secret", async () => {
    vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:environment","rollgate:arguments"]');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await refusal({ arguments: ["--password=hunter2"] })).toBe(
      "rollgate:arguments: expected a plain value, got a secret: only environment stays secret everywhere. Nothing was changed.",
    );
  });

  test("a secret of a host that is not in its environment", async () => {
    vi.stubEnv("PULUMI_CONFIG_SECRET_KEYS", '["rollgate:hosts"]');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await refusal({ hosts: [{ ...twoHosts[0], arguments: ["--password=hunter2"] }] })).toBe(
      "rollgate:hosts: expected a plain value, got a secret: only environment stays secret everywhere. Nothing was changed.",
    );
  });

  test("a message about the environment never shows a value", async () => {
    const message = await refusal({ environment: { PIN: 47.11 } });
    expect(message).toMatch(/^rollgate:environment\.PIN: expected a string.*\. Nothing was changed\.$/);
    expect(message).not.toContain("47.11");
  });
});

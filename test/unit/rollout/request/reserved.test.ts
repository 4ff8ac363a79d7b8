import { expect, test } from "vitest";
import { kinds } from "#kinds/kinds.ts";
import {
  reservedArguments,
  reservedJvmOptions,
  reservedVariables,
  whereElseSet,
} from "#rollout/request/reserved.ts";
import { problemsOf } from "#rollout/request/validate.ts";
import { dockerHost } from "../../../support/dockerHost.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const PORT = "expected the port only in hosts[].port";
const ADDRESS = "expected the address only in hosts[].address";
const OWN = "expected a name that does not start with rollgate, which is reserved";

const place = { name: "app-1", address: "10.0.0.1", port: 8081 };
const onServer = {
  server: "app-1",
  sshConfig: "",
  directory: "/srv/app-1",
  supervisor: "systemd",
  unit: "app-1",
};

test.each([
  { ...place, kind: "local", directory: "/srv/app-1" },
  dockerHost(),
  { ...place, kind: "ssh", ...onServer },
])("reserved options are rejected for hosts of every kind: $kind", (host) => {
  const launch = { java: "java", jvmOptions: ["-cp"], arguments: ["--server.address=::"] };
  const request = { ...validRequest(), hosts: [host], minimumHealthy: 0, launch };
  const problems = problemsOf(kinds.request, { ...request, environment: { SERVER_PORT: "1" } });
  expect(problems.map(({ property }) => property)).toEqual([
    "launch.arguments[0]",
    "launch.jvmOptions[0]",
    "environment.SERVER_PORT",
  ]);
});

test.each([
  ["--server.port=9090", PORT],
  ["--server.port", PORT],
  ["--server.PORT=9090", PORT],
  ["--SERVER_PORT=9090", PORT],
  ["--server.address=0.0.0.0", ADDRESS],
  ["--Server.Add-ress=0.0.0.0", ADDRESS],
  ['--spring.application.json={"server":{"port":9090}}', PORT],
  ['--spring.application.json={"server.address":"0.0.0.0"}', ADDRESS],
  ["--rollgate.launch=x", OWN],
])("the argument %s is reserved", (argument, expected) => {
  expect(reservedArguments(["--debug", argument])).toEqual([
    { key: 1, message: `${expected}, got ${JSON.stringify(argument)}` },
  ]);
});

test.each([
  "--debug",
  "--management.server.port=9090",
  "--management.server.address=127.0.0.1",
  "--server.port-range=1",
  "--serverPort=9090",
  "--server.ports=1",
  "--note=--server.port=1",
  "server.port=9090",
  "--spring.application.json={broken",
  '--spring.application.json={"note":{"server":{"port":1}},"list":["server.port"],"none":null}',
  "--rollgated=yes",
  "",
])("the argument %s is allowed", (argument) => {
  expect(reservedArguments([argument])).toEqual([]);
});

test.each([
  ["-Dserver.port=9090", `${PORT}, got "-Dserver.port=9090"`],
  ["-DSERVER_PORT=9090", `${PORT}, got "-DSERVER_PORT=9090"`],
  ["-Dserver.address=::", `${ADDRESS}, got "-Dserver.address=::"`],
  ["-Drollgate.launch=0123456789ab", `${OWN}, got "-Drollgate.launch=0123456789ab"`],
  ["-jar", 'expected options for the JVM that runs the release, got "-jar"'],
  ["-cp", 'expected options for the JVM that runs the release, got "-cp"'],
  ["--class-path=lib", 'expected options for the JVM that runs the release, got "--class-path=lib"'],
  ["--module", 'expected options for the JVM that runs the release, got "--module"'],
  ["-version", 'expected options for the JVM that runs the release, got "-version"'],
  [
    "demo.Main",
    'expected an option that starts with -, got "demo.Main", which java would run instead of the release',
  ],
  ["", 'expected an option that starts with -, got "", which java would run instead of the release'],
])("the JVM option %s is rejected", (option, message) => {
  expect(reservedJvmOptions(["-Xmx1g", option])).toEqual([{ key: 1, message }]);
});

test("JVM options may have a value as the next word, come from a file, and set any other property", () => {
  const words = [
    "--add-opens",
    "java.base/java.lang=ALL-UNNAMED",
    "-p",
    "mods",
    "--add-modules",
    "ALL-SYSTEM",
  ];
  const own = [
    "@options",
    "-Xmx1g",
    "-Dserver.portal=x",
    "-javaagent:/opt/agent.jar",
    "-version:x",
    "-cprofile",
  ];
  expect(reservedJvmOptions([...words, ...own])).toEqual([]);
});

test.each([
  [{ SERVER_PORT: "1" }, "SERVER_PORT", PORT],
  [{ server_address: "::" }, "server_address", ADDRESS],
  [{ SPRING_APPLICATION_JSON: '{"server":{"PORT":9090}}' }, "SPRING_APPLICATION_JSON", PORT],
  [{ JAVA_TOOL_OPTIONS: "-Xmx1g -Dserver.port=9090" }, "JAVA_TOOL_OPTIONS", PORT],
  [{ JDK_JAVA_OPTIONS: "-Drollgate.launch=x" }, "JDK_JAVA_OPTIONS", OWN],
  [{ ROLLGATE_HOST: "me" }, "ROLLGATE_HOST", OWN],
])("the variables %j are reserved, and the message contains no value", (environment, key, expected) => {
  expect(reservedVariables({ DATABASE: "x", ...environment })).toEqual([
    { key, message: `${expected}, got it here` },
  ]);
});

test("other variables are allowed", () => {
  const environment = { MANAGEMENT_SERVER_PORT: "1", SERVERPORT: "1", SERVER_PORTS: "1", ROLLGATED: "1" };
  expect(reservedVariables(environment)).toEqual([]);
});

test.each([
  [{ arguments: ["--spring.profiles.active=a"] }, "arguments"],
  [{ arguments: ["--SPRING_PROFILES_ACTIVE"] }, "arguments"],
  [{ jvmOptions: ["-Dspring.profiles.active=a"] }, "jvmOptions"],
  [{ environment: { SPRING_PROFILES_ACTIVE: "a" } }, "environment"],
  [{ arguments: ["--spring.profiles.active[0]=a", "--spring.profiles.activeness=a"] }, undefined],
])("%j sets the profiles in %s", (given, where) => {
  const nothing = { arguments: [], jvmOptions: [], environment: {} };
  expect(whereElseSet("spring.profiles.active", { ...nothing, ...given })).toBe(where);
});

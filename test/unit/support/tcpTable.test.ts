import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../harness/freePort.ts";
import { skipWithoutIPv6 } from "../../support/addresses.ts";
import { listenOn, startNode } from "../../support/child.ts";
import { describeListener, listenerOn } from "../../support/tcpTable.ts";

test("nobody listens on a free port", async () => {
  expect(await listenerOn("127.0.0.1", await freePort())).toBeUndefined();
});

test.for([
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "0.0.0.0"],
  ["127.0.0.1", "::"],
  ["::1", "::1"],
  ["::1", "::"],
] as const)("a port at %s may be held at %s", async ([address, listening], context) => {
  skipWithoutIPv6(context, address, listening);
  const port = await freePort(listening);
  const { pid } = await startNode(listenOn(port, listening));
  expect(await listenerOn(address, port)).toMatchObject({
    pid,
    argv: expect.arrayContaining([process.execPath]),
  });
});

test.for([
  ["127.0.0.1", "127.0.0.2"],
  ["127.0.0.1", "::1"],
  ["::1", "127.0.0.1"],
  ["::1", "0.0.0.0"],
] as const)("a port at %s is not held at %s", async ([address, listening], context) => {
  skipWithoutIPv6(context, address, listening);
  const port = await freePort(listening);
  await startNode(listenOn(port, listening));
  expect(await listenerOn(address, port)).toBeUndefined();
});

test.for([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
  ["::", "127.0.0.1"],
  ["::", "0.0.0.0"],
] as const)("%s is taken by a listener on %s", async ([wildcard, listening], context) => {
  skipWithoutIPv6(context, listening);
  const port = await freePort(listening);
  const { pid } = await startNode(listenOn(port, listening));
  expect(await listenerOn(wildcard, port)).toMatchObject({ pid });
});

test("a connection from a port is not a listener on it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const target = server.address();
  if (typeof target !== "object" || target === null) throw new Error("no port");
  const from = await freePort();
  await startNode(
    `require("node:net").connect({ port: ${target.port}, host: "127.0.0.1", localPort: ${from} }, () => console.log("ready"));`,
  );
  expect(await listenerOn("127.0.0.1", from)).toBeUndefined();
});

test("a listener is described by its pid and the beginning of its command line", () => {
  const entry = { pid: 4711, parentPid: 1, startTicks: "1" };
  expect(
    describeListener({ ...entry, argv: ["/usr/bin/java", "-jar", "/srv/app.jar", "--password=x"] }),
  ).toBe("pid 4711 (/usr/bin/java -jar /srv/app.jar)");
  expect(describeListener({ ...entry, argv: [`nginx: worker process${" ".repeat(64)}`] })).toBe(
    "pid 4711 (nginx: worker process)",
  );
  expect(describeListener("unknown")).toBe("a process of another user");
});

test("a listener whose command is a whole script is described on one short line", () => {
  const argv = ["node", "-e", `const port = 1;\n${"listen(port);\n".repeat(20)}`];
  expect(describeListener({ pid: 7, parentPid: 1, startTicks: "0", argv })).toMatch(
    /^pid 7 \(node -e const port = 1; (listen\(port\); )+.{0,15}…\)$/,
  );
});

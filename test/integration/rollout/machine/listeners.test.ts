import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { portHolder } from "#rollout/machine/listeners.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

describe.each(SHELLS)("who holds a port of a machine with %s", (shell) => {
  test("is nobody if it is free, and its process otherwise", async (context) => {
    const machine = await localMachine(shell, context);
    const port = await freePort();
    expect(await portHolder(machine, "127.0.0.1", port)).toBeUndefined();
    const { pid } = await startNode(listenOn(port));
    expect(await portHolder(machine, "127.0.0.1", port)).toMatch(
      new RegExp(`^pid ${pid} \\(${process.execPath} -e require`),
    );
  });
});

test.for([
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "0.0.0.0"],
  ["127.0.0.1", "::"],
  ["::1", "::1"],
  ["::1", "::"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
] as const)("a port at %s may be held at %s", async ([address, listening], context) => {
  skipWithoutIPv6(context, address, listening);
  const port = await freePort(listening);
  const { pid } = await startNode(listenOn(port, listening));
  expect(await portHolder(new LocalMachine(), address, port)).toMatch(new RegExp(`^pid ${pid} `));
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
  expect(await portHolder(new LocalMachine(), address, port)).toBeUndefined();
});

test("a connection from a port does not hold it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = Object(server.address());
  const from = await freePort();
  await startNode(
    `require("node:net").connect({ port: ${port}, host: "127.0.0.1", localPort: ${from} }, () => console.log("ready"));`,
  );
  expect(await portHolder(new LocalMachine(), "127.0.0.1", from)).toBeUndefined();
});

test("a process that this account may not see is reported by its account", async (context) => {
  context.skip(process.getuid?.() !== 0, "only root can be somebody else");
  const shell = join(await temporaryDirectory(), "sh");
  await writeFile(
    shell,
    '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all sh "$@"\n',
    { mode: 0o755 },
  );
  const port = await freePort();
  await startNode(listenOn(port));
  expect(await portHolder(new LocalMachine({ shell }), "127.0.0.1", port)).toBe(
    "a process of the account root",
  );
});

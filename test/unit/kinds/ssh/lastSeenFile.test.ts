import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const PLACE = { server: "server-1", sshConfig: "" };
const DIRECTORY = "/srv/app-1";

/** What the processes of this account share. */
async function shared() {
  const root = join(await temporaryDirectory(), "shared");
  await mkdir(root, { mode: 0o700 });
  const sockets = new SharedSockets(root);
  const seen = (directory = DIRECTORY) =>
    new SshMachine(PLACE, new ConnectionPool(0, sockets)).lastSeen(directory);
  return { root, sockets, seen };
}

test("the next process remembers in which slot a host was seen, and that of no other host", async () => {
  const { seen } = await shared();
  expect(await seen().recall()).toBeUndefined();
  await seen().remember("second");
  expect(await seen().recall()).toBe("second");
  expect(await seen("/srv/app-2").recall()).toBeUndefined();
  const memory = seen();
  await memory.remember("first");
  await memory.remember("second");
  expect(await seen().recall()).toBe("second");
});

test("it is remembered for longer than connections are kept", async () => {
  const { seen, sockets } = await shared();
  await sockets.of(PLACE);
  await seen().remember("first");
  sockets.renew();
  await sockets.of(PLACE);
  expect(await seen().recall()).toBe("first");
});

test("nothing is written to a folder that others can enter, nor believed from there", async () => {
  const { root, sockets, seen } = await shared();
  const file = sockets.lastSeenIn(PLACE, DIRECTORY) ?? "";
  await chmod(root, 0o755);
  await seen().remember("first");
  expect(await readdir(root)).toEqual([]);
  await mkdir(dirname(file));
  await writeFile(file, "second");
  expect(await seen().recall()).toBeUndefined();
});

test("whatever else is in the file is no answer, and a file that can't be written is no error", async () => {
  const { root, sockets, seen } = await shared();
  const file = sockets.lastSeenIn(PLACE, DIRECTORY) ?? "";
  await mkdir(dirname(file));
  await writeFile(file, "third");
  expect(await seen().recall()).toBeUndefined();
  await writeFile(join(root, "blocked"), "");
  await mkdir(sockets.lastSeenIn(PLACE, "/srv/app-2") ?? "");
  await seen("/srv/app-2").remember("first");
  expect(await seen("/srv/app-2").recall()).toBeUndefined();
});

test("a process that shares nothing remembers nothing", async () => {
  const memory = new SshMachine(PLACE, new ConnectionPool(0)).lastSeen(DIRECTORY);
  await memory.remember("first");
  expect(await memory.recall()).toBeUndefined();
});

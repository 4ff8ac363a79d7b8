import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ConnectionPool } from "#kinds/ssh/connectionPool.ts";
import { SharedSockets } from "#kinds/ssh/sharedSockets.ts";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const PLACE = { server: "server-1", sshConfig: "" };
const DIRECTORY = "/srv/app-1";
const FIRST = { slot: "first", release: "1.0.0-71974b457ce0" } as const;
const SECOND = { slot: "second", release: "1.1.0-0123456789ab" } as const;

/** What the processes of this account share. */
async function shared() {
  const root = join(await temporaryDirectory(), "shared");
  await mkdir(root, { mode: 0o700 });
  const sockets = new SharedSockets(root);
  const seen = (directory = DIRECTORY) =>
    new SshMachine(PLACE, new ConnectionPool(0, sockets)).lastSeen(directory);
  return { root, sockets, seen };
}

test("the next process remembers what a host was seen to run and in which slot, and that of no other host", async () => {
  const { seen } = await shared();
  expect(await seen().recall()).toBeUndefined();
  await seen().remember(SECOND);
  expect(await seen().recall()).toEqual(SECOND);
  expect(await seen("/srv/app-2").recall()).toBeUndefined();
  const memory = seen();
  await memory.remember(FIRST);
  await memory.remember(SECOND);
  expect(await seen().recall()).toEqual(SECOND);
});

test("it is remembered for longer than connections are kept", async () => {
  const { seen, sockets } = await shared();
  await sockets.of(PLACE);
  await seen().remember(FIRST);
  sockets.renew();
  await sockets.of(PLACE);
  expect(await seen().recall()).toEqual(FIRST);
});

test("nothing is written to a folder that others can enter, nor believed from there", async () => {
  const { root, sockets, seen } = await shared();
  const file = sockets.lastSeenIn(PLACE, DIRECTORY) ?? "";
  await chmod(root, 0o755);
  await seen().remember(FIRST);
  expect(await readdir(root)).toEqual([]);
  await mkdir(dirname(file));
  await writeFile(file, "second 1.0.0");
  expect(await seen().recall()).toBeUndefined();
});

test("whatever else is in the file is no answer, and a file that can't be written is no error", async () => {
  const { root, sockets, seen } = await shared();
  const file = sockets.lastSeenIn(PLACE, DIRECTORY) ?? "";
  await mkdir(dirname(file));
  for (const text of ["third 1.0.0", "first", "first ", "first 1.0.0 b"]) {
    await writeFile(file, text);
    expect(await seen().recall()).toBeUndefined();
  }
  await writeFile(join(root, "blocked"), "");
  await mkdir(sockets.lastSeenIn(PLACE, "/srv/app-2") ?? "");
  await seen("/srv/app-2").remember(FIRST);
  expect(await seen("/srv/app-2").recall()).toBeUndefined();
});

test("a process that shares nothing remembers nothing", async () => {
  const memory = new SshMachine(PLACE, new ConnectionPool(0)).lastSeen(DIRECTORY);
  await memory.remember(FIRST);
  expect(await memory.recall()).toBeUndefined();
});

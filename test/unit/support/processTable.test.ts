import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../../harness/freePort.ts";
import {
  isAlive,
  listProcesses,
  readProcess,
  socketInodes,
  startVariable,
} from "../../../harness/processTable.ts";
import { IDLE, startNode } from "../../support/child.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

const NO_PID = 2 ** 22 + 1;

test("every readable process is listed, including this one", async () => {
  const { pid } = await startNode(IDLE);
  const listed = await listProcesses();
  expect(listed).toContainEqual(expect.objectContaining({ pid: process.pid, parentPid: process.ppid }));
  expect(listed).toContainEqual(expect.objectContaining({ pid, parentPid: process.pid }));
});

test("arguments of a process are kept apart, even empty ones and those with spaces", async () => {
  const { pid } = await startNode(IDLE, { args: ["-jar", "", "a b"] });
  expect(await readProcess(pid)).toEqual({
    pid,
    parentPid: process.pid,
    startTicks: expect.stringMatching(/^\d+$/),
    argv: [process.execPath, "-e", IDLE, "--", "-jar", "", "a b"],
  });
});

test("a process that is just becoming another program still has a command line", async () => {
  for (let started = 0; started < 40; started++) {
    const child = spawn("/usr/bin/env", ["env", "env", "env", "sleep", "60"]);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child, "spawn");
    for (let look = 0; look < 8; look++) {
      expect((await readProcess(child.pid ?? 0))?.argv).not.toEqual([]);
    }
  }
});

test("a command with spaces and parentheses in its name is read like any other", async () => {
  const command = join(await temporaryDirectory(), "a) S (1 2");
  await copyFile("/bin/sleep", command);
  const child = spawn(command, ["60"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  expect(await readProcess(child.pid ?? 0)).toMatchObject({
    parentPid: process.pid,
    startTicks: expect.stringMatching(/^\d+$/),
    argv: [command, "60"],
  });
});

test("a process that is gone is not listed", async () => {
  const { pid, end } = await startNode(IDLE);
  const entry = await readProcess(pid);
  if (entry === undefined) throw new Error("the process was not there");
  expect(await isAlive(entry)).toBe(true);
  await end();
  expect(await readProcess(pid)).toBeUndefined();
  expect(await isAlive(entry)).toBe(false);
});

test("a later process with the pid of an earlier one is not it", async () => {
  const entry = await readProcess(process.pid);
  if (entry === undefined) throw new Error("this process was not there");
  expect(await isAlive(entry)).toBe(true);
  expect(await isAlive({ ...entry, startTicks: "1" })).toBe(false);
});

test("a zombie is not listed", async () => {
  // `exec` makes the shell a sleep that never waits for its child.
  const shell = spawn("/bin/sh", ["-c", "true & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void shell.kill("SIGKILL"));
  const [said] = await once(shell.stdout, "data");
  const zombie = Number(String(said).trim());
  await expect.poll(() => readProcess(zombie)).toBeUndefined();
  expect(await readlink(`/proc/${zombie}/cwd`).catch((error) => error.code)).toBe("ENOENT");
  expect((await listProcesses()).map(({ pid }) => pid)).not.toContain(zombie);
});

test("a process whose first thread has ended is there as long as its other threads hold its sockets", async (context) => {
  // A JVM that ends is like this for a moment: its port is still taken.
  const exit = { x64: 60, arm64: 93 }[String(process.arch)];
  context.skip(exit === undefined, "the number of the system call is not known here");
  const port = await freePort();
  const script = `import ctypes, socket, threading, time
listener = socket.create_server(("127.0.0.1", ${port}))
threading.Thread(target=time.sleep, args=(60,)).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall(${exit}, 0)`;
  const child = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const started = await Promise.race([
    once(child.stdout, "data").then(() => true),
    once(child, "error").then(() => false),
  ]);
  context.skip(!started, "only python3 can end its first thread alone");
  const pid = child.pid ?? 0;
  await expect.poll(() => readFile(`/proc/${pid}/stat`, "utf8"), { timeout: 5000 }).toContain(") Z ");
  expect(await readProcess(pid)).toMatchObject({ pid, parentPid: process.pid });
});

test("a variable is what the process was started with", async () => {
  const { pid } = await startNode(IDLE, { env: { LAUNCH: "a=b c", LAUNCH_2: "x" } });
  expect(await startVariable(pid, "LAUNCH")).toBe("a=b c");
  expect(await startVariable(pid, "AUNCH")).toBeUndefined();
  expect(await startVariable(NO_PID, "LAUNCH")).toBeUndefined();
});

test("the sockets of a process are known by their inodes", async () => {
  const before = await socketInodes(process.pid);
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const added = (await socketInodes(process.pid)).difference(before);
  expect(added.size).toBe(1);
  expect([...added][0]).toMatch(/^\d+$/);
  expect(await socketInodes(NO_PID)).toEqual(new Set());
});

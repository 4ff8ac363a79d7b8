import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type ShellOptions, Shells } from "#rollout/machine/shells.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const kill = (shell: ChildProcessWithoutNullStreams) => shell.kill("SIGKILL");

test("a shell passes on megabytes without looking at all of them again and again", async () => {
  const shells = new Shells({ open: () => spawn("sh"), kill, most: 1 });
  onTestFinished(() => shells.close());
  const command = "head -c 40000000 /dev/zero | tr '\\000' a";
  const began = process.cpuUsage();
  const printed = await shells.run(command, { milliseconds: 30_000 });
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(2.5);
  expect([printed?.code, printed?.stdout.length, printed?.stderr]).toEqual([0, 40_000_000, ""]);
}, 40_000);

test("a shell with nothing to do ends by itself, and another one takes the next command", async () => {
  const opened: ChildProcessWithoutNullStreams[] = [];
  const open = () => {
    const shell = spawn("sh");
    opened.push(shell);
    return shell;
  };
  const shells = new Shells({ open, kill, most: 1, idleMilliseconds: 50 });
  onTestFinished(() => shells.close());
  const pid = async () => (await shells.run("echo $$", { milliseconds: 5_000 }))?.stdout;
  const first = await pid();
  expect(await pid()).toBe(first);
  await once(opened[0] ?? new EventEmitter(), "close");
  expect(await pid()).not.toBe(first);
  expect(opened.length).toBe(2);
});

/** Shells that take further commands while one runs, and how many were opened. */
function queueing(options: Partial<ShellOptions> = {}) {
  const opened: ChildProcessWithoutNullStreams[] = [];
  const open = () => {
    const shell = spawn("sh");
    opened.push(shell);
    return shell;
  };
  const shells = new Shells({ open, kill, most: 3, commands: 3, ...options });
  onTestFinished(() => {
    shells.close();
    for (const shell of opened) shell.kill("SIGKILL");
  });
  return { shells, opened };
}

test("commands that are sent while one runs follow in the same shell, each with its own output", async () => {
  const { shells, opened } = queueing();
  const printed = ["sleep 0.1; echo one", "echo two >&2; (exit 3)", "printf three"].map((command) =>
    shells.run(command, {}),
  );
  expect(await Promise.all(printed)).toEqual([
    { code: 0, stdout: "one\n", stderr: "" },
    { code: 3, stdout: "", stderr: "two\n" },
    { code: 0, stdout: "three", stderr: "" },
  ]);
  expect(opened).toHaveLength(1);
});

test("a shell with as many commands as it may have leaves the next one to another shell", async () => {
  const { shells, opened } = queueing();
  await Promise.all(Array.from({ length: 4 }, () => shells.run("echo", {})));
  expect(opened).toHaveLength(2);
});

test("nothing waits behind a command that may take its time", async () => {
  const { shells, opened } = queueing();
  await shells.run("echo", {});
  const long = shells.run("sleep 0.5; echo long", { mayWait: true });
  const began = performance.now();
  expect((await shells.run("echo short", {}))?.stdout).toBe("short\n");
  expect(performance.now() - began).toBeLessThan(400);
  expect((await long)?.stdout).toBe("long\n");
  expect(opened).toHaveLength(2);
});

test("a command that may take its time goes to a shell that will be free soon, if another one is left to others", async () => {
  const { shells, opened } = queueing();
  shells.prepare(2);
  const short = shells.run("sleep 0.3", {});
  const both = ["one", "two"].map((word) => shells.run(`echo ${word}`, { mayWait: true }));
  expect((await both[0])?.stdout).toBe("one\n");
  expect(opened).toHaveLength(2 + 1);
  await Promise.all([short, ...both]);
});

test("a command that is given up leaves those before and after it alone", async () => {
  const { shells, opened } = queueing();
  const [first, second] = [new AbortController(), new AbortController()];
  const printed = [
    shells.run("sleep 0.2; echo one", { signal: first.signal }),
    shells.run("echo two", { signal: second.signal }),
    shells.run("echo three", {}),
  ];
  first.abort();
  second.abort();
  const codes = (await Promise.all(printed)).map((one) => one?.code);
  expect(codes).toEqual([undefined, undefined, 0]);
  expect((await shells.run("echo four", {}))?.stdout).toBe("four\n");
  expect(opened).toHaveLength(1);
});

test("a shell whose commands have all been given up ends", async () => {
  const { shells, opened } = queueing();
  const giveUp = new AbortController();
  const printed = ["sleep 5", "echo"].map((command) => shells.run(command, { signal: giveUp.signal }));
  giveUp.abort();
  await Promise.all(printed);
  await once(opened[0] ?? new EventEmitter(), "close");
});

test("the time limit of a command begins with its turn", async () => {
  const { shells } = queueing();
  const first = shells.run("sleep 0.4; echo one", {});
  const second = await shells.run("echo two", { milliseconds: 300 });
  expect(second?.stdout).toBe("two\n");
  expect((await first)?.stdout).toBe("one\n");
});

test("a command past its limit ends the shell, and what was sent after it doesn't run", async () => {
  const file = join(await temporaryDirectory(), "ran");
  // As on a server, where only the connection ends.
  const { shells } = queueing({ kill: () => {} });
  const first = shells.run("sleep 0.3", { milliseconds: 100 });
  const second = shells.run(`touch ${file}`, {});
  expect(await first).toMatchObject({ code: undefined, isOverdue: true });
  const left = await second;
  expect([left?.code, left?.isOverdue]).toEqual([undefined, undefined]);
  await sleep(500);
  expect(existsSync(file)).toBe(false);
  expect((await shells.run("echo three", {}))?.stdout).toBe("three\n");
});

test("a shell is opened with the commands that come at once, except secret ones, and takes the next ones", async () => {
  const given: string[] = [];
  const openWith = (commands: string) => {
    given.push(commands);
    return spawn("sh", ["-c", `${commands}exec sh`]);
  };
  const { shells, opened } = queueing({ openWith, most: 2 });
  const printed = ["echo one", "echo two >&2", "echo three"].map((command) =>
    shells.run(command, { isSecret: command === "echo three" }),
  );
  expect(await Promise.all(printed)).toEqual([
    { code: 0, stdout: "one\n", stderr: "" },
    { code: 0, stdout: "", stderr: "two\n" },
    { code: 0, stdout: "three\n", stderr: "" },
  ]);
  expect(given.join()).toMatch(/echo one.*\n.*echo two/);
  expect(given.join()).not.toContain("three");
  expect((await shells.run("echo four", {}))?.stdout).toBe("four\n");
  expect([given.length, opened.length]).toEqual([1, 1]);
});

test("a command waits for its shell to be opened although others are opened at the same time", async () => {
  const openWith = (commands: string) => spawn("sh", ["-c", `${commands}exec sh`]);
  const { shells } = queueing({ openWith, most: 2 });
  shells.prepare(1);
  const printed = [shells.run("echo one", {}), shells.run("echo two", { mayWait: true })];
  expect((await Promise.all(printed)).map((one) => one?.stdout)).toEqual(["one\n", "two\n"]);
});

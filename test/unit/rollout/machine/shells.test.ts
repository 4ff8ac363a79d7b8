import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { Shells } from "#rollout/machine/shells.ts";

const kill = (shell: ChildProcessWithoutNullStreams) => shell.kill("SIGKILL");

test("a shell passes on megabytes without looking at all of them again and again", async () => {
  const shells = new Shells({ open: () => spawn("sh"), kill, most: 1 });
  onTestFinished(() => shells.close());
  const command = "head -c 40000000 /dev/zero | tr '\\000' a";
  const began = process.cpuUsage();
  const printed = await shells.run(command, AbortSignal.timeout(30_000));
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
  const pid = async () => (await shells.run("echo $$", AbortSignal.timeout(5_000)))?.stdout;
  const first = await pid();
  expect(await pid()).toBe(first);
  await once(opened[0] ?? new EventEmitter(), "close");
  expect(await pid()).not.toBe(first);
  expect(opened.length).toBe(2);
});

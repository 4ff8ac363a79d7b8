import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { RemoteShells } from "#kinds/ssh/remoteShells.ts";

test("a shell passes on megabytes without looking at all of them again and again", async () => {
  const shells = new RemoteShells(() => spawn("sh"));
  onTestFinished(() => shells.close());
  const command = "head -c 40000000 /dev/zero | tr '\\000' a";
  const began = process.cpuUsage();
  const printed = await shells.run(command, AbortSignal.timeout(30_000));
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(2.5);
  expect([printed?.code, printed?.stdout.length, printed?.stderr]).toEqual([0, 40_000_000, ""]);
}, 40_000);

import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { until } from "../../../../harness/until.ts";

test("a script gets nothing of the deployer's environment but PATH", async () => {
  for (const [name, value] of Object.entries({ TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", SECRET: "s3cret" })) {
    vi.stubEnv(name, value);
  }
  const before = process.umask(0o077);
  onTestFinished(() => {
    process.umask(before);
    vi.unstubAllEnvs();
  });
  const printed = await new LocalMachine().run("env; umask; pwd", []);
  expect(printed).not.toMatch(/Tokyo|de_DE|s3cret/);
  expect(printed).toMatch(/^LC_ALL=C$/m);
  expect(printed).toMatch(/\n0022\n\/\n$/);
});

test("a cancelled command takes its children with it", async () => {
  const machine = new LocalMachine();
  const overdue = machine.run("sleep 321 & echo $! > /dev/stderr; sleep 321; true", [], {
    deadlineSeconds: 1,
  });
  await expect(overdue).rejects.toThrow("this machine: a command took longer than 1 s");
  const giveUp = new AbortController();
  const given = machine.run("sleep 322 & sleep 322; true", [], { signal: giveUp.signal });
  given.catch(() => {});
  await sleep(100);
  giveUp.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  await until(async () => (await running("sleep 321")) + (await running("sleep 322")) === 0);
});

test("more commands at a time than there are shells run all the same, and ones with an input, too", async () => {
  const machine = new LocalMachine();
  const began = performance.now();
  const many = Array.from({ length: 12 }, (_, index) => machine.run("sleep 1; echo $1", [String(index)]));
  const given = machine.run("cat", [], { input: Readable.from(["given"]) });
  expect(await Promise.all([...many, given])).toEqual([...many.map((_, index) => `${index}\n`), "given"]);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("after one that was cancelled, a command runs", async () => {
  const machine = new LocalMachine();
  const giveUp = new AbortController();
  const given = machine.run("sleep 60", [], { signal: giveUp.signal });
  giveUp.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  expect(await machine.run("echo next", [])).toBe("next\n");
});

test("a command whose input takes longer than anybody waits for it never begins", async () => {
  const giveUp = new AbortController();
  const input = Readable.from(
    (async function* () {
      giveUp.abort(new Error("given up"));
      yield "late";
    })(),
  );
  const given = new LocalMachine().run("sleep 324", [], { input, signal: giveUp.signal });
  await expect(given).rejects.toThrow("given up");
  expect(await running("sleep 324")).toBe(0);
});

test("a process that a command leaves behind on purpose survives it", async () => {
  const pid = await new LocalMachine().run("setsid sleep 323 > /dev/null 2>&1 < /dev/null & echo $!", []);
  onTestFinished(() => void process.kill(Number(pid), "SIGKILL"));
  // It has no command line for a moment while it becomes another program.
  await until(async () => (await readFile(`/proc/${pid.trim()}/cmdline`, "latin1")).includes("sleep"), 5);
});

async function running(command: string): Promise<number> {
  const found = await new LocalMachine().run('pgrep -cfx "$1" || true', [command]);
  return Number(found);
}

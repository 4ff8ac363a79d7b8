import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { runHere } from "#rollout/hooks/runHere.ts";
import { until } from "../../../../harness/until.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

async function run(script: string, { deadlineSeconds = 20, variables = {} } = {}) {
  let printed = "";
  const command = { words: ["sh", "-c", script], variables, deadlineSeconds };
  const ended = await runHere(command, (text) => {
    printed += text;
  });
  return { ended, printed };
}

test("a command gets the deployer's own environment, its variables and the current directory", async () => {
  vi.stubEnv("CI_TOKEN", "from the shell");
  onTestFinished(() => void vi.unstubAllEnvs());
  const script = 'printf "%s\\n" "$CI_TOKEN" "$ROLLGATE_STACK" "$(pwd)"';
  expect(await run(script, { variables: { ROLLGATE_STACK: "prod" } })).toEqual({
    ended: 0,
    printed: `from the shell\nprod\n${process.cwd()}\n`,
  });
});

test("both outputs of a command arrive in the order in which they were written", async () => {
  const script = "for line in 1 2 3 4 5; do echo out $line; echo err $line >&2; done; exit 7";
  const lines = [1, 2, 3, 4, 5].flatMap((line) => [`out ${line}`, `err ${line}`]);
  expect(await run(script)).toEqual({ ended: 7, printed: `${lines.join("\n")}\n` });
});

test("the deadline ends the whole process group, also those that ignore SIGTERM", async () => {
  const file = join(await temporaryDirectory(), "pids");
  const script = `trap 'echo asked to end' TERM
    (trap "" TERM; exec sleep 60) & echo $! > ${file}
    wait`;
  const { ended, printed } = await run(script, { deadlineSeconds: 0.3 });
  expect(ended).toBe("overdue");
  expect(printed).toBe("asked to end\n");
  const pid = Number(await readFile(file, "utf8"));
  await until(async () => !(await isRunning(pid)), 5);
});

test("a command that ignores SIGTERM is killed a few seconds after its deadline", async () => {
  const began = performance.now();
  expect((await run(`trap "" TERM; while :; do sleep 0.1; done`, { deadlineSeconds: 0.2 })).ended).toBe(
    "overdue",
  );
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("a process that a command leaves behind doesn't hold the roll up", async () => {
  const began = performance.now();
  const { ended, printed } = await run("sleep 20 & echo $!; exit 0");
  onTestFinished(() => void process.kill(Number(printed)));
  expect(ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("a command that is killed, and one that does not exist, end like in a shell", async () => {
  expect((await run("kill -9 $$")).ended).toBe(137);
  const { ended, printed } = await run("exec no-such-command");
  expect(ended).toBe(127);
  expect(printed).toContain("no-such-command: not found");
});

/** A zombie has ended. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { runInTurn } from "#rollout/machine/runInTurn.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const machine = new LocalMachine();

test("scripts run in turn, each with its own arguments, output and time", async () => {
  const [first, second] = await runInTurn(machine, [
    { script: 'echo "$1"; echo; sleep 0.2', args: ["it's $HOME"] },
    { script: 'printf %s "$2"; echo lost >&2', args: ["a", "b c"] },
  ]);
  expect(first?.printed).toBe("it's $HOME\n\n");
  expect(first?.milliseconds).toBeGreaterThanOrEqual(190);
  expect(second).toMatchObject({ printed: "b c" });
  expect(second?.failure).toBeUndefined();
});

test("only one that asked for it gets the input, however early the others are", async () => {
  const ends = await runInTurn(machine, [
    { script: "cat", args: [] },
    { script: "cat", args: [], input: "secret\n" },
    { script: "cat", args: [] },
  ]);
  expect(ends.map(({ printed }) => printed)).toEqual(["", "secret\n", ""]);
});

test("after one that fails, none has its turn, and its failure is its own last word", async () => {
  const file = `${await temporaryDirectory()}/made`;
  const ends = await runInTurn(machine, [
    { script: "echo one", args: [] },
    { script: "echo two; echo first >&2; echo 'disk full' >&2; exit 44", args: [] },
    { script: ': > "$1"', args: [file] },
  ]);
  expect(ends.map(({ printed }) => printed)).toEqual(["one\n", "two\n"]);
  expect(ends[1]?.failure).toMatchObject({ message: "disk full", exitCode: 44 });
  expect(existsSync(file)).toBe(false);
});

test("what a script leaves running holds nothing up", async () => {
  const began = performance.now();
  const script = "sleep 5 > /dev/null 2>&1 < /dev/null & echo begun";
  const [end] = await runInTurn(machine, [{ script, args: [] }]);
  expect(end?.printed).toBe("begun\n");
  expect(performance.now() - began).toBeLessThan(4_000);
});

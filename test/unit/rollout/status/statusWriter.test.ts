import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { LeaseLost } from "#rollout/lease/lease.ts";
import { StatusWriter } from "#rollout/status/statusWriter.ts";
import { until } from "../../../../harness/until.ts";

const NEVER = 60_000;

/** A writer of a text that a test changes, and what got to its file. */
function writing({
  atMost = 0,
  atLeast = NEVER,
  write = async () => {},
}: {
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly write?: () => Promise<void>;
} = {}) {
  const written: string[] = [];
  const state = { text: "one", isHeld: true };
  const lost = new AbortController();
  const file = {
    name: "nginx at http://a",
    read: async () => undefined,
    write: async (text: string) => {
      await write();
      written.push(text);
    },
  };
  const assertHeldLately = async () => {
    if (!state.isHeld) throw new LeaseLost("somebody");
  };
  const pace = { atMostEveryMilliseconds: atMost, atLeastEveryMilliseconds: atLeast, lastSeconds: 0.5 };
  const writer = new StatusWriter(file, () => state.text, { signal: lost.signal, assertHeldLately }, pace);
  onTestFinished(() => writer.end());
  const change = (text: string) => {
    state.text = text;
    writer.changed();
  };
  return { writer, written, state, lost, change };
}

test("changes in quick succession are one write", async () => {
  const { writer, written, change } = writing({ atMost: 100 });
  writer.begin();
  await until(() => written.length === 1);
  for (const text of ["two", "three", "four"]) change(text);
  await until(() => written.length === 2);
  await sleep(150);
  expect(written).toEqual(["one", "four"]);
});

test("without a change, it is written anew after a while, so that a reader sees that the roll lives", async () => {
  const { writer, written } = writing({ atLeast: 20 });
  writer.begin();
  await until(() => written.length >= 3);
});

test("the end is written at once, and nothing after it", async () => {
  const { writer, written, change } = writing({ atMost: NEVER / 2 });
  writer.begin();
  await until(() => written.length === 1);
  change("end");
  await writer.end();
  expect(written).toEqual(["one", "end"]);
  expect(writer.problem).toBeUndefined();
  change("later");
  await sleep(20);
  expect(written).toHaveLength(2);
});

test("shortly before the end, no write begins that the last one would have to wait for", async () => {
  const { writer, written, change } = writing({ atMost: 200 });
  writer.begin();
  await until(() => written.length === 1);
  await sleep(150);
  writer.waits();
  change("nearly");
  await sleep(100);
  expect(written).toEqual(["one"]);
  change("end");
  await writer.end();
  expect(written).toEqual(["one", "end"]);
});

test("if the end does not come soon, the text is written meanwhile", async () => {
  const { writer, written, change } = writing({ atMost: 50 });
  writer.begin();
  await until(() => written.length === 1);
  writer.waits();
  change("not yet");
  await until(() => written.length === 2);
  expect(written).toEqual(["one", "not yet"]);
});

test("a write that fails is a problem only if the last one does", async () => {
  let isFull = true;
  const { writer, change } = writing({
    write: async () => {
      if (isFull) throw new Error("no space left on device");
    },
  });
  writer.begin();
  await until(() => writer.problem !== undefined);
  expect(writer.problem).toBe("nginx at http://a: no space left on device");
  isFull = false;
  change("two");
  await writer.end();
  expect(writer.problem).toBeUndefined();
});

test("a roll that has lost its lease writes nothing over the roll of its successor", async () => {
  const { writer, written, state } = writing();
  writer.begin();
  await until(() => written.length === 1);
  state.isHeld = false;
  state.text = "failed";
  await writer.end();
  expect(written).toEqual(["one"]);

  const other = writing();
  other.writer.begin();
  await until(() => other.written.length === 1);
  other.lost.abort(new LeaseLost("somebody"));
  other.change("old");
  await sleep(20);
  expect(other.written).toEqual(["one"]);
});

test("one that hangs does not hold up the end of the roll for long", async () => {
  const { writer } = writing({ write: () => new Promise(() => {}) });
  writer.begin();
  const began = performance.now();
  await writer.end();
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(writer.problem).toMatch(/took longer than 0.5 s$/);
});

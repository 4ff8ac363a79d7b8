import { expect, test } from "vitest";
import { NextStep } from "#rollout/roll/nextStep.ts";
import { Turns } from "#rollout/roll/turns.ts";

/** The next step of a roll without hosts, and which questions about its lease are asked. */
function asking() {
  const journal: string[] = [];
  const context = {
    hosts: [{ name: "app-1" }],
    orders: { decide: async () => {} },
    policy: { minimumHealthy: 0, batch: [1] },
    assertHeld: async () => void journal.push("is it held?"),
    assertHeldLately: async () => void journal.push("was it held lately?"),
  };
  const view = { members: [], look: async () => {}, lookAhead: () => {}, confirm: async () => false };
  const next = new NextStep({ release: "1.1.0" }, Object(context), Object(view), new Turns());
  return { next, journal };
}

test("a step asks once whether the lease is held, however long the answer takes", async () => {
  const { next, journal } = asking();
  await next.decide([]);
  expect(journal).toEqual(["is it held?"]);
});

test("what was asked ahead is asked again if the answer is old by then", async () => {
  const { next, journal } = asking();
  next.lookAhead([]);
  await next.decide([]);
  expect(journal).toEqual(["is it held?", "was it held lately?"]);
  await next.decide([]);
  expect(journal.slice(2)).toEqual(["is it held?"]);
});

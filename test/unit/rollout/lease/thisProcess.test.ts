import { expect, test } from "vitest";
import { isAlive, type ProcessIdentity, thisProcess } from "#rollout/lease/thisProcess.ts";

test("this process is known before anything else that waits has its turn", async () => {
  let known: ProcessIdentity | undefined;
  void thisProcess().then((identity) => {
    known = identity;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(known).toMatchObject({ pid: process.pid });
  expect(known && (await isAlive(known))).toBe(true);
});

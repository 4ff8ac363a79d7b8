import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Change } from "#kinds/change.ts";
import { ChecksAhead } from "#provider/checkAhead.ts";
import type { CheckAnswer } from "#provider/crud.ts";

const asDeclared = (): Change => ({ olds: { port: 80, hosts: ["app-1"] }, news: { port: 80 } });

function checks(answer: () => Promise<CheckAnswer> = async () => ({ inputs: {} })) {
  const asked = vi.fn<(change: Change) => Promise<CheckAnswer>>(answer);
  return { asked, ahead: new ChecksAhead(asked) };
}

describe("a check ahead", () => {
  test("answers the same question once", async () => {
    const { asked, ahead } = checks();
    ahead.begin(asDeclared());
    await ahead.check(asDeclared());
    expect(asked).toHaveBeenCalledTimes(1);
    await ahead.check(asDeclared());
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("answers no other question", async () => {
    const { asked, ahead } = checks();
    ahead.begin(asDeclared());
    const other = { ...asDeclared(), news: { port: 81 } };
    await ahead.check(other);
    expect(asked).toHaveBeenLastCalledWith(other);
  });

  test("is waited for", async () => {
    const { promise, resolve } = Promise.withResolvers<CheckAnswer>();
    const { asked, ahead } = checks(() => promise);
    ahead.begin(asDeclared());
    const answer = ahead.check(asDeclared());
    resolve({ inputs: { port: 80 } });
    expect(await answer).toEqual({ inputs: { port: 80 } });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["refused", async () => ({ failures: [{ property: "port", reason: "taken" }] })],
    ["failed", () => Promise.reject(new Error("lost"))],
  ])("is repeated if it %s", async (_, answer) => {
    const { asked, ahead } = checks();
    asked.mockImplementationOnce(answer);
    ahead.begin(asDeclared());
    expect(await ahead.check(asDeclared())).toEqual({ inputs: {} });
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("is too old after some seconds", async () => {
    const { asked, ahead } = checks();
    ahead.begin(asDeclared());
    await new Promise(setImmediate);
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 6_000);
    onTestFinished(() => void vi.restoreAllMocks());
    await ahead.check(asDeclared());
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("is over, and forgotten, before anything changes", async () => {
    const { promise, resolve } = Promise.withResolvers<CheckAnswer>();
    const { asked, ahead } = checks();
    asked.mockImplementationOnce(() => promise);
    ahead.begin(asDeclared());
    let hasEnded = false;
    const ending = ahead.end().then(() => {
      hasEnded = true;
    });
    await new Promise(setImmediate);
    expect(hasEnded).toBe(false);
    resolve({ inputs: {} });
    await ending;
    await ahead.check(asDeclared());
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

import { expect, test } from "vitest";
import { MachineLedger } from "#rollout/nginx/machineLedger.ts";

/** The ledger of an nginx that counts; its file is ready once `ready` says so. */
function ledgerWith(ready: (raised: Promise<void>) => Promise<string>) {
  const raised = Promise.withResolvers<void>();
  const asked: (readonly string[])[] = [];
  const machine = {
    run: async (_script: string, args: readonly string[]) => {
      asked.push(args);
      return asked.length === 1 ? ready(raised.promise) : "at 0\n";
    },
  };
  const access = {
    url: "http://proxy",
    get: async () => ({ statusCode: 200, body: new TextEncoder().encode("ledger") }),
    raiseFlag: async () => raised.resolve(),
  };
  return { ledger: new MachineLedger(Object(machine), { directory: "/srv" }, Object(access)), asked };
}

test("the flag of the ledger is raised while its file is made ready", async () => {
  const { ledger, asked } = ledgerWith(async (raised) => {
    await raised;
    return "7:0\n";
  });
  expect(await ledger.begin()).toBe(true);
  await ledger.look();
  expect(asked[1]?.at(-1)).toBe("7:0");
});

test("a ledger whose file can't be made ready doesn't begin", async () => {
  const { ledger } = ledgerWith(async () => {
    throw new Error("disk full");
  });
  await expect(ledger.begin()).rejects.toThrow("disk full");
});

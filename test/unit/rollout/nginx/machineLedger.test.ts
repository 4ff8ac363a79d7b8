import { expect, onTestFinished, test, vi } from "vitest";
import { MachineLedger } from "#rollout/nginx/machineLedger.ts";

/** The ledger of an nginx that counts; its file is ready once `ready` says so. */
function ledgerWith(ready: (raised: Promise<void>) => Promise<string>, answer = "ledger") {
  const raised = Promise.withResolvers<void>();
  const asked: (readonly string[])[] = [];
  const machine = {
    run: async (_script: string, args: readonly string[]) => {
      asked.push(args);
      return asked.length === 1 ? ready(raised.promise) : "at 0\n";
    },
  };
  const gets: string[] = [];
  const access = {
    url: "http://proxy",
    get: async (path: string) => {
      gets.push(path);
      return { statusCode: 200, body: new TextEncoder().encode(answer) };
    },
    raiseFlag: async () => raised.resolve(),
  };
  return { ledger: new MachineLedger(Object(machine), { directory: "/srv" }, Object(access)), asked, gets };
}

test("the flag of the ledger is raised while its file is made ready", async () => {
  const { ledger, asked } = ledgerWith(async (raised) => {
    await raised;
    return "7:0\n";
  });
  expect(await ledger.begin()).toBe(true);
  await ledger.look();
  expect(asked[1]).toContain("7:0");
});

test("a ledger whose file can't be made ready doesn't begin", async () => {
  const { ledger } = ledgerWith(async () => {
    throw new Error("disk full");
  });
  await expect(ledger.begin()).rejects.toThrow("disk full");
});

test("it takes from nginx how long its lines may take; one that was set up earlier does not say so", async () => {
  for (const [answer, milliseconds] of [
    ["ledger", 200],
    ["ledger flushed:50", 50],
    ["ledger flushed:50 probes", 50],
  ] as const) {
    const { ledger } = ledgerWith(async () => "7:0\n", answer);
    await ledger.begin();
    expect(ledger.writtenMilliseconds).toBe(milliseconds);
  }
});

test("a ledger that was asked ahead begins without another question, unless that is a while ago", async () => {
  const { ledger, gets } = ledgerWith(async () => "7:0\n");
  ledger.ask();
  await ledger.begin();
  expect(gets).toHaveLength(1);
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  ledger.ask();
  vi.advanceTimersByTime(2_000);
  await ledger.begin();
  expect(gets).toHaveLength(3);
});

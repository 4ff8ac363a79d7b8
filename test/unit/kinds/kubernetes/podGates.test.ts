import { expect, test, vi } from "vitest";
import type { PodView } from "#kinds/kubernetes/look.ts";
import { PodGates } from "#kinds/kubernetes/podGates.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const READY: PodView = {
  ...{ name: "market-1", hash: "abc", release: "1.1.0-bbbbbbbbbbbb", address: "10.0.0.7", port: 8080 },
  ...{ node: "node-1", isReady: true, serves: false, isEnding: false, restarts: 0, state: { running: {} } },
  ...{ lastState: undefined, unschedulable: undefined },
};

test.each<[admitSeconds: number | undefined, limit: number]>([
  [undefined, 60],
  [91, 151],
])("a ready pod that nginx takes %s s to find up has a minute more for it", async (admitSeconds, limit) => {
  const began = performance.now();
  const now = vi.spyOn(performance, "now").mockReturnValue(began);
  const gates = new PodGates({
    policy: validRequest(),
    ...{ soakSeconds: 0, service: "market", earlierRestarts: undefined, time: performance },
    ...(admitSeconds !== undefined && { admitSeconds }),
    complaint: () => "no nginx finds it up",
    report: () => {},
    judge: () => undefined,
  });
  await gates.look(READY);
  now.mockReturnValue(began + (limit - 1) * 1000);
  await gates.look(READY);
  now.mockReturnValue(began + (limit + 1) * 1000);
  await expect(gates.look(READY)).rejects.toThrow("does not send it requests: no nginx finds it up");
});

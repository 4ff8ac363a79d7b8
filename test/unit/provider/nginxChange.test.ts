import { expect, test, vi } from "vitest";
import { requireOneToServe } from "#provider/nginxChange.ts";

const hosts = [{ name: "app-1", address: "127.0.0.1", port: 8081 }];

function nginx() {
  const isRunning = vi.fn(async () => false);
  return { isRunning, access: { isFlagged: vi.fn(), get: vi.fn() } };
}

test("an nginx that had no hosts has none that may all go, so it is not asked", async () => {
  const server = nginx();
  await requireOneToServe({ server }, {}, { hosts });
  expect(server.isRunning).not.toHaveBeenCalled();
});

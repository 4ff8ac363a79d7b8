import { rm } from "node:fs/promises";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { Lease, LeaseLost } from "#rollout/lease/lease.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const TIMING = { heartbeatMilliseconds: 60_000, expiryMilliseconds: 0, waitMilliseconds: 0 };

let directory: string;
let machine: LocalMachine;

beforeEach(async () => {
  directory = await temporaryDirectory();
  machine = new LocalMachine();
});

function access(): MachineNginxAccess {
  const place = { address: "127.0.0.1", port: 1, controlPort: 2, url: "http://127.0.0.1:1", directory };
  const opened = new MachineNginxAccess(machine, place);
  onTestFinished(() => opened.close());
  return opened;
}

function acquire(owner: string): Promise<Lease> {
  const store = new MachineLeaseStore(machine, `${directory}/lease`);
  const { signal } = new AbortController();
  return Lease.acquire(store, owner, TIMING, { signal, onWait: () => {} });
}

test("a flag is changed by the holder of the lease, and by nobody who has lost it", async () => {
  const lease = await acquire("ann");
  const nginx = access();
  expect(nginx.guardBy(lease.guard)).toBe(true);
  await nginx.raiseFlag("app-1");
  expect(await nginx.isFlagged("app-1")).toBe(true);
  await acquire("eve");
  await expect(nginx.lowerFlag("app-1")).rejects.toEqual(new LeaseLost("eve"));
  await expect(nginx.raiseFlag("app-2")).rejects.toEqual(new LeaseLost("eve"));
  expect([await nginx.isFlagged("app-1"), await nginx.isFlagged("app-2")]).toEqual([true, false]);
});

test("a flag is changed by nobody once all leases are removed", async () => {
  const lease = await acquire("ann");
  const nginx = access();
  nginx.guardBy(lease.guard);
  await rm(`${directory}/lease`, { recursive: true });
  await expect(nginx.raiseFlag("app-1")).rejects.toEqual(new LeaseLost("somebody"));
});

test("a lease on another machine can't be checked by the script that changes a flag", async () => {
  const { guard } = await acquire("ann");
  expect(access().guardBy(guard && { ...guard, machine: new LocalMachine() })).toBe(false);
});

test("once a roll has ended, flags are changed without its lease", async () => {
  const lease = await acquire("ann");
  const nginx = access();
  nginx.guardBy(lease.guard);
  await acquire("eve");
  expect(nginx.guardBy(undefined)).toBe(false);
  await nginx.raiseFlag("app-1");
  expect(await nginx.isFlagged("app-1")).toBe(true);
});

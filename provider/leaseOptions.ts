import { hostname, userInfo } from "node:os";
import type { LeaseTiming } from "#rollout/lease/lease.ts";

const HEARTBEAT_MILLISECONDS = 2_000;
const EXPIRY_MILLISECONDS = 15_000;

/** The owner of a lease, for messages: `ann@build-1 (pid 4711)`. */
export function leaseOwner(): string {
  return `${userInfo().username}@${hostname()} (pid ${process.pid})`;
}

/** The timing of a lease, and how long to wait for someone else's. */
export function leaseTiming(waitSeconds: number): LeaseTiming {
  return {
    heartbeatMilliseconds: HEARTBEAT_MILLISECONDS,
    expiryMilliseconds: EXPIRY_MILLISECONDS,
    waitMilliseconds: waitSeconds * 1000,
  };
}

import { z } from "zod";
import { integer, show } from "./fields.ts";

function decimal(minimum: number, maximum: number) {
  return z.custom<number>((value) => typeof value === "number" && value >= minimum && value <= maximum, {
    error: (issue) => `expected a number from ${minimum} to ${maximum}, got ${show(issue.input)}`,
  });
}

/** By what clients get, a new release is held against the old one during the soak, and fails if it is worse. */
export const analysis = z.strictObject({
  /** How much higher the share of failed requests (0 to 1) may be than that of the old release. */
  errorRateIncrease: decimal(0, 1),
  /** How many times as long as those of the old release the p50 and the p99 may be. */
  latencyFactor: decimal(1, 1000),
  /** Limits that hold whatever the old release does. */
  maxErrorRate: decimal(0, 1).exactOptional(),
  maxP99Milliseconds: integer(1, 3_600_000).exactOptional(),
  /** With fewer requests, the release is not judged. */
  minimumRequests: integer(1, 1_000_000),
  /** How long to go on after the soak while there are fewer; then the roll goes on. */
  waitSeconds: integer(0, 86_400),
  /** How long after its admission latencies don't count, since a JVM is slow at first. */
  ignoreSeconds: integer(0, 3600),
});
export type Analysis = z.infer<typeof analysis>;

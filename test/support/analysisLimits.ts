import type { Analysis } from "#rollout/request/analysis.ts";

/** The defaults of the settings, but latencies count from the first second on. */
export const LIMITS: Analysis = {
  errorRateIncrease: 0.01,
  latencyFactor: 3,
  minimumRequests: 50,
  waitSeconds: 0,
  ignoreSeconds: 0,
};

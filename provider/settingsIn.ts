import type { RollRequest } from "#rollout/request/rollRequest.ts";

/** The settings that decide how a roll goes, without any that may hold a secret. */
export function settingsIn(request: RollRequest): Record<string, unknown> {
  const { health, timing, order, batch, minimumHealthy, keepReleases, onFailure, warmUp } = request;
  return { health, timing, order, batch, minimumHealthy, keepReleases, onFailure, ...(warmUp && { warmUp }) };
}

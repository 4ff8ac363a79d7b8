import type { RecorderFacts } from "#rollout/record/recorder.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { targetOf } from "#rollout/roll/targets.ts";

/** What is known about a roll when it begins, without anything that may be a secret. */
export function rollFacts(request: RollRequest, owner: string): RecorderFacts {
  const { stack, release, canary } = request;
  return {
    ...(stack !== undefined && { stack }),
    owner,
    release,
    ...(canary && { canary: { hosts: canary.hosts, release: canary.release } }),
    hosts: request.hosts.map(({ name }) => ({ name, to: targetOf(request, name).release })),
    settings: settingsIn(request),
  };
}

function settingsIn(request: RollRequest): Record<string, unknown> {
  const { health, timing, order, batch, minimumHealthy, keepReleases, onFailure, warmUp } = request;
  return { health, timing, order, batch, minimumHealthy, keepReleases, onFailure, ...(warmUp && { warmUp }) };
}

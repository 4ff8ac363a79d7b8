import type { RecorderFacts } from "#rollout/record/recorder.ts";
import { commitOf } from "#rollout/release/commitOf.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { targetOf } from "#rollout/roll/targets.ts";

/** What is known about a roll when it begins, without anything that may be a secret. */
export async function rollFacts(request: RollRequest, owner: string): Promise<RecorderFacts> {
  const { stack, release, jar, canary, settings = {} } = request;
  const commit = jar && (await commitOf(jar.path));
  return {
    ...(stack !== undefined && { stack }),
    owner,
    release,
    ...(canary && { canary: { hosts: canary.hosts, release: canary.release } }),
    hosts: request.hosts.map(({ name }) => ({ name, to: targetOf(request, name).release })),
    ...(commit !== undefined && { commit }),
    settings,
  };
}

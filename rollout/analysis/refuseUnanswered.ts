import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "../common/errors.ts";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Facts } from "../request/placeholders.ts";
import type { Answer } from "./answer.ts";
import { askCheck } from "./askCheck.ts";
import { WebClient } from "./webClient.ts";

const PAUSE_MILLISECONDS = 1_000;

/**
 * Throws if a Prometheus does not answer a query, or finds it wrong, before any host is touched. A URL may be one of the
 * release itself, which does not run yet.
 */
export async function refuseUnanswered(
  checks: readonly AnalysisCheck[],
  facts: Facts,
  signal: AbortSignal,
): Promise<void> {
  const client = new WebClient();
  const decisive = checks.filter(({ prometheus, onError }) => prometheus !== undefined && onError === "fail");
  try {
    const answers = await Promise.all(decisive.map((check) => insist(check, facts, client, signal)));
    const unanswered = answers.find(({ kind }) => kind === "error");
    if (unanswered) throw new RollgateError("check-unanswered", unanswered.message);
  } finally {
    await client.close();
  }
}

async function insist(
  check: AnalysisCheck,
  facts: Facts,
  client: WebClient,
  signal: AbortSignal,
): Promise<Answer> {
  let answer = await askCheck(check, facts, client, signal);
  for (
    let tries = 1;
    answer.kind === "error" && tries < check.consecutiveErrors && !signal.aborted;
    tries++
  ) {
    await sleep(PAUSE_MILLISECONDS, undefined, { signal }).catch(() => {});
    answer = await askCheck(check, facts, client, signal);
  }
  return answer;
}

import type { Olds, Values } from "#kinds/change.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";

/**
 * The values of environments, URLs of webhooks, and URLs and headers of checks; those of the state count, too, as hosts
 * may still have them.
 */
export function secretsIn(inputs: RollRequest | Olds): string[] {
  const { environment, hostEnvironment, notify, analysisChecks }: Values = { ...inputs };
  const environments = [environment, ...Object.values(Object(hostEnvironment))];
  const checks = entriesOf(analysisChecks);
  const headers = checks.map(({ headers }): unknown => headers);
  const values = [...environments, ...headers].flatMap((each): unknown[] => Object.values(Object(each)));
  const urls = checks.flatMap(({ url, prometheus }) => [url, prometheus]).filter(hasPath);
  const webhooks = entriesOf(notify).map(({ url }) => url);
  return [...values, ...webhooks, ...urls].filter((value) => typeof value === "string");
}

function entriesOf(list: unknown): Values[] {
  return Array.isArray(list) ? list.map((entry): Values => Object(entry)) : [];
}

/** Messages show the origin of a URL, which is no secret. */
function hasPath(url: unknown): boolean {
  return !/^https?:\/\/[^/?]*\/?$/.test(String(url));
}

import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Answer } from "./answer.ts";
import type { WebClient } from "./webClient.ts";

/** Asks a URL, which is good if it answers 2xx. Throws if it does not answer. */
export async function askUrl(
  { name, headers = {}, timeoutSeconds }: AnalysisCheck,
  url: URL,
  client: WebClient,
  signal: AbortSignal,
): Promise<Answer> {
  const { statusCode } = await client.ask({ url, headers, timeoutSeconds, withoutBody: true }, signal);
  // The rest of the URL may be what makes it secret.
  const message = `${name ?? url.origin} answered ${statusCode}`;
  return statusCode >= 200 && statusCode < 300
    ? { kind: "good", message }
    : { kind: "bad", message: `${message}, expected 2xx` };
}

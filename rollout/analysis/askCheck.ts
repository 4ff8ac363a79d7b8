import { messageOf } from "../common/errors.ts";
import { plainLine } from "../common/plainLine.ts";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import { type Facts, fill, fillUrl } from "../request/placeholders.ts";
import type { Answer } from "./answer.ts";
import { askPrometheus } from "./askPrometheus.ts";
import { askUrl } from "./askUrl.ts";
import type { WebClient } from "./webClient.ts";

/** Asks once; a server that does not answer is an answer, too. */
export async function askCheck(
  check: AnalysisCheck,
  facts: Facts,
  client: WebClient,
  signal: AbortSignal,
): Promise<Answer> {
  const { name, url = "", prometheus } = check;
  const address = prometheus ?? fillUrl(url, facts);
  const query = prometheus === undefined ? undefined : fill(check.query ?? "", facts);
  try {
    const server = new URL(address);
    if (query === undefined) return await askUrl(check, server, client, signal);
    return await askPrometheus({ ...check, query }, server, client, signal);
  } catch (error) {
    const subject = name ?? query;
    // What stands for a placeholder may not fit where it is.
    const origin = URL.canParse(address) ? new URL(address).origin : "its URL";
    const asked = `${subject === undefined ? "" : `${subject}: `}${origin}`;
    return { kind: "error", message: plainLine(`${asked} gave no answer: ${messageOf(error)}`) };
  }
}

import { z } from "zod";
import type { AnalysisCheck } from "../request/analysisChecks.ts";
import type { Answer } from "./answer.ts";
import type { WebClient } from "./webClient.ts";

const point = z.tuple([z.number(), z.string()]);
/** https://prometheus.io/docs/prometheus/latest/querying/api/#expression-query-result-formats */
const found = z.object({
  status: z.literal("success"),
  data: z.discriminatedUnion("resultType", [
    z.object({ resultType: z.literal("vector"), result: z.array(z.object({ value: point })) }),
    z.object({ resultType: z.literal("scalar"), result: point }),
  ]),
});
const refused = z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() });

const LONGEST = 200;

type Limits = Pick<AnalysisCheck, "min" | "max">;

/** Asks Prometheus for the value of a query, or for those of several series, all of which must keep to the limits. */
export async function askPrometheus(
  check: AnalysisCheck & { readonly query: string },
  server: URL,
  client: WebClient,
  signal: AbortSignal,
): Promise<Answer> {
  const { name, query } = check;
  const subject = name ?? `query ${shortened(query)}`;
  const values = (await valuesOf(check, server, client, signal)).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return { kind: "nothing", message: `${subject} gave no value` };
  const bad = values.flatMap((value) => problemOf(value, check) ?? [])[0];
  if (bad !== undefined) return { kind: "bad", message: `${subject} gave ${bad}` };
  const shown = values.map((value) => short(value, check));
  const range = values.length === 1 ? shown[0] : `${values.length} values`;
  return { kind: "good", message: `${subject} gave ${range}` };
}

async function valuesOf(
  { query, headers = {}, timeoutSeconds }: AnalysisCheck & { readonly query: string },
  server: URL,
  client: WebClient,
  signal: AbortSignal,
): Promise<number[]> {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, "")}/api/v1/query`;
  url.searchParams.set("query", query);
  const answer = await client.ask({ url, headers, timeoutSeconds }, signal);
  const body = parsed(answer.body);
  const error = refused.safeParse(body).data;
  if (error) throw new Error(`it answered ${answer.statusCode}: ${error.errorType}: ${error.error}`);
  if (answer.statusCode >= 300) throw new Error(`it answered ${answer.statusCode}`);
  const data = found.safeParse(body).data?.data;
  if (data === undefined) throw new Error("it answered neither a vector nor a scalar");
  const points = data.resultType === "vector" ? data.result.map(({ value }) => value) : [data.result];
  return points.map(([, value]) => numberOf(value));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As Go writes it. */
function numberOf(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, "$1Infinity"));
}

function problemOf(value: number, { min, max }: Limits): string | undefined {
  if (max !== undefined && value > max) return `${short(value, { max })}, at most ${max} is allowed`;
  if (min !== undefined && value < min) return `${short(value, { min })}, at least ${min} is required`;
  return undefined;
}

/** Rounded, unless that would put it on the other side of a limit. */
function short(value: number, { min, max }: Limits): string {
  const rounded = Number(value.toPrecision(4));
  const isSameSide = [min, max].every(
    (limit) => limit === undefined || Math.sign(rounded - limit) === Math.sign(value - limit),
  );
  return String(isSameSide ? rounded : value);
}

/** On one line. */
function shortened(query: string): string {
  const line = query.trim().replaceAll(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

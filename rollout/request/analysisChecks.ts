import { z } from "zod";
import { integer, show, text } from "./fields.ts";
import { webUrl } from "./notify.ts";
import { fill, fillUrl, unknownPlaceholder } from "./placeholders.ts";

const MOST = 10;
/** Stands for what is known only during a roll. */
const EXAMPLE = { release: "1", version: "1", host: "1", address: "127.0.0.1", port: "1" };

const limit = z.custom<number>((value) => typeof value === "number" && Number.isFinite(value), {
  error: (issue) => `expected a number, got ${show(issue.input)}`,
});

/** The URL may be a secret, so that no message shows it. */
const url = text.superRefine((value, context) => {
  const message =
    unknownPlaceholder(value) ?? webUrl.safeParse(fillUrl(value, EXAMPLE)).error?.issues[0]?.message;
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const query = text.superRefine((value, context) => {
  const message =
    unknownPlaceholder(value) ??
    (fill(value, EXAMPLE).trim() === "" ? "expected a query, got nothing" : undefined);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** The values may be secret, so that no message shows them. */
const headers = z.record(
  z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: "expected the name of a header" }),
  z.string({ error: "expected a string" }).regex(/^[\t\x20-\x7e\x80-\xff]*$/, {
    error: "expected the value of a header, got characters that none may have",
  }),
  {
    error: (issue) =>
      issue.code === "invalid_type"
        ? "expected an object of names and values, got something else"
        : undefined,
  },
);

function reaction() {
  return z.enum(["fail", "ignore"], {
    error: (issue) => `expected fail or ignore, got ${show(issue.input)}`,
  });
}

/** What is asked again and again while a release soaks: a URL, or a query of Prometheus. */
const analysisCheck = z
  .strictObject({
    /** What messages call it: by default, the query, or the origin of the URL. */
    name: text
      .regex(/^\S([^\n]{0,58}\S)?$/, {
        error: (issue) => `expected 1–60 characters, got ${show(issue.input)}`,
      })
      .exactOptional(),
    /** It must answer with a status of 2xx. */
    url: url.exactOptional(),
    /** The URL of a server with Prometheus' API. */
    prometheus: webUrl.exactOptional(),
    query: query.exactOptional(),
    min: limit.exactOptional(),
    max: limit.exactOptional(),
    headers: headers.exactOptional(),
    intervalSeconds: integer(1, 3600),
    timeoutSeconds: integer(1, 300),
    /** How many bad answers in a row fail the gate. */
    consecutiveFailures: integer(1, 1000),
    /** How many questions in a row without an answer do. */
    consecutiveErrors: integer(1, 1000),
    onError: reaction(),
    /** Whether a query without a value counts as a bad answer. */
    onNoData: reaction(),
  })
  .superRefine((check, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const { url, prometheus, query, min, max } = check;
    if ((url === undefined) === (prometheus === undefined)) {
      refuse([], `expected either url or prometheus, got ${url === undefined ? "neither" : "both"}`);
    } else if (url !== undefined) {
      for (const key of ["query", "min", "max"] as const) {
        if (check[key] !== undefined)
          refuse([key], "expected no value beside url, since it is for prometheus");
      }
    } else if (query === undefined) {
      refuse(["query"], "expected a query, got nothing");
    } else if (min === undefined && max === undefined) {
      refuse([], "expected min, max or both, got neither: any value would do");
    } else if (min !== undefined && max !== undefined && min > max) {
      refuse(["min"], `expected at most max (${max}), got ${min}`);
    }
  });
export type AnalysisCheck = z.infer<typeof analysisCheck>;

/** What else a release is judged by. URLs and headers are secret. */
export const analysisChecks = z
  .array(analysisCheck, { error: "expected a list, got something else" })
  .max(MOST, { error: `expected at most ${MOST} checks` });

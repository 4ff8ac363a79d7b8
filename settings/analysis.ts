import { InvalidInput } from "#rollout/common/errors.ts";
import { isObject } from "#rollout/common/isObject.ts";
import { type Reader, textOf } from "./reader.ts";

/** What is enough for a busy site; a JVM is slow for its first two seconds under traffic. */
const LIMITS = {
  errorRateIncrease: 0.01,
  latencyFactor: 3,
  minimumRequests: 50,
  waitSeconds: 0,
  ignoreSeconds: 3,
};

const CHECK = {
  intervalSeconds: 5,
  timeoutSeconds: 5,
  consecutiveFailures: 1,
  consecutiveErrors: 3,
  onError: "fail",
  onNoData: "ignore",
};

/** By what a release is judged during its soak, besides its health. Checks are apart, as they may hold secrets. */
export function readAnalysis(reader: Reader): {
  readonly analysis?: object;
  readonly analysisChecks?: unknown[];
} {
  const given = reader.plain("analysis");
  if (!isObject(given)) {
    const got = reader.isSecret("analysis") ? "something else" : JSON.stringify(given);
    throw new InvalidInput("analysis", `expected an object, got ${got}`);
  }
  const { checks, ...limits }: { readonly checks?: unknown } = { ...given };
  return {
    ...(Object.keys(limits).length > 0 && { analysis: { ...LIMITS, ...limits } }),
    ...(checks !== undefined && { analysisChecks: readChecks(checks) }),
  };
}

function readChecks(given: unknown): unknown[] {
  if (!Array.isArray(given)) throw new InvalidInput("analysis.checks", "expected a list, got something else");
  return given.map((check, index) => {
    const property = `analysis.checks[${index}]`;
    if (!isObject(check)) {
      throw new InvalidInput(
        property,
        "expected an object with a url or with prometheus, got something else",
      );
    }
    const { headers }: { readonly headers?: unknown } = check;
    return {
      ...CHECK,
      ...check,
      ...(isObject(headers) && { headers: textsIn(`${property}.headers`, headers) }),
    };
  });
}

function textsIn(property: string, headers: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, textOf(`${property}.${name}`, value)]),
  );
}

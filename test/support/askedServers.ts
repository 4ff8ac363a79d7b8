import type { IncomingHttpHeaders } from "node:http";
import type { AnalysisCheck } from "#rollout/request/analysisChecks.ts";
import { serveHttp } from "./httpServer.ts";

/** The defaults of the settings, but asked at once again. */
export const CHECK: Omit<AnalysisCheck, "name" | "url" | "prometheus"> = {
  intervalSeconds: 0.05,
  timeoutSeconds: 5,
  consecutiveFailures: 1,
  consecutiveErrors: 3,
  onError: "fail",
  onNoData: "ignore",
};

/** A server that was asked. */
export interface Asked {
  readonly origin: string;
  /** Path and query of each question. */
  readonly urls: string[];
  readonly headers: IncomingHttpHeaders[];
}

/** Answers with what `next` says: a status, or a status and a body. */
export async function askedServer(next: () => number | readonly [number, string]): Promise<Asked> {
  const asked: Asked = { origin: "", urls: [], headers: [] };
  const { port } = await serveHttp(({ url = "", headers }, response) => {
    asked.urls.push(url);
    asked.headers.push(headers);
    const [status, body = ""] = [next()].flat();
    response.writeHead(Number(status)).end(body);
  });
  return { ...asked, origin: `http://127.0.0.1:${port}` };
}

/** Answers as Prometheus does: with a vector of these values, each of a series. */
export async function fakePrometheus(next: () => readonly string[]): Promise<Asked> {
  return askedServer(() => {
    const result = next().map((value, index) => ({
      metric: { instance: `app-${index}` },
      value: [1795666512.123, value],
    }));
    return [200, JSON.stringify({ status: "success", data: { resultType: "vector", result } })];
  });
}

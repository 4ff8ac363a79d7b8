import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { close } from "./httpServer.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** What an engine answers; a status other than 200 comes with a message, as the real one's. */
export type EngineAnswer = { readonly [key: string]: unknown } | { readonly statusCode: number };

export interface FakeEngine {
  /** As in DOCKER_HOST. */
  readonly url: string;
  readonly socket: string;
  /** What was asked of it, such as `GET /containers/app/json`, in order. */
  readonly asked: readonly string[];
}

/** Speaks the Docker API on a socket of its own: `/_ping`, and what `answers` has; all else is not found. */
export async function fakeEngine(answers: Readonly<Record<string, EngineAnswer>> = {}): Promise<FakeEngine> {
  const socket = join(await temporaryDirectory(), "docker.sock");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = String(request.url).split("?")[0];
    asked.push(`${request.method} ${path}`);
    if (path === "/_ping") return void response.end("OK");
    const answer = answers[`${request.method} ${path}`] ?? { statusCode: 404 };
    const { statusCode = 200, ...body } = Object(answer);
    response.writeHead(statusCode, { "content-type": "application/json" });
    response.end(JSON.stringify(statusCode === 200 ? body : { message: `${path}: ${statusCode}` }));
  }).listen(socket);
  await once(server, "listening");
  onTestFinished(() => close(server));
  return { url: `unix://${socket}`, socket, asked };
}

import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { close } from "./httpServer.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** What an engine answers: an object, the log of a container, or a status, which comes with a message as the real one's. */
export type EngineAnswer =
  | { readonly [key: string]: unknown }
  | readonly object[]
  | { readonly statusCode: number }
  | { readonly frames: readonly string[] };

export interface FakeEngine {
  /** As in DOCKER_HOST. */
  readonly url: string;
  readonly socket: string;
  /** What was asked of it, such as `GET /containers/app/json`, in order. */
  readonly asked: readonly string[];
}

/** An engine with nothing on it, which reaches a registry with every image. */
const EMPTY: Readonly<Record<string, EngineAnswer>> = { "GET /containers/json": [], "GET /networks": [] };

/** Speaks the Docker API on a socket of its own: `/_ping`, and what `answers` has; all else is not found. */
export async function fakeEngine(answers: Readonly<Record<string, EngineAnswer>> = {}): Promise<FakeEngine> {
  const socket = join(await temporaryDirectory(), "docker.sock");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = String(request.url).split("?")[0];
    asked.push(`${request.method} ${path}`);
    if (path === "/_ping") return void response.end("OK");
    const question = `${request.method} ${path}`;
    const otherwise = path?.startsWith("/distribution/") ? {} : { statusCode: 404 };
    const answer = answers[question] ?? EMPTY[question] ?? otherwise;
    if (Array.isArray(answer)) return void response.end(JSON.stringify(answer));
    const { statusCode = 200, frames, ...body } = Object(answer);
    if (frames) return void response.end(Buffer.concat(frames.map(frame)));
    response.writeHead(statusCode, { "content-type": "application/json" });
    response.end(JSON.stringify(statusCode === 200 ? body : { message: `${path}: ${statusCode}` }));
  }).listen(socket);
  await once(server, "listening");
  onTestFinished(() => close(server));
  return { url: `unix://${socket}`, socket, asked };
}

/** A piece of a log as the API has it: stream, three empty bytes, length, text. */
function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(2, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { freePort } from "../../../harness/freePort.ts";

interface Manifest {
  readonly type: string;
  readonly body: Buffer;
}

const PLACE = /^\/v2\/(.+)\/(blobs|manifests)\/(?:uploads\/)?([^/]*)$/;

/** A registry that takes images without a login; https://distribution.github.io/distribution/spec/api/ */
export class ImageRegistry {
  /** The manifests that were asked for, such as `shop@sha256:…`. */
  readonly pulled: string[] = [];
  readonly port: number;
  readonly #folder: string;
  readonly #manifests = new Map<string, Manifest>();
  readonly #servers: Server[] = [];

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** An engine pushes to a registry on loopback without TLS. */
  static async start(): Promise<ImageRegistry> {
    const folder = await mkdtemp(join(tmpdir(), "rollgate-registry-"));
    const registry = new ImageRegistry(await freePort(), folder);
    await registry.listen("127.0.0.1");
    return registry;
  }

  /** Answers on the same port of a further address. */
  async listen(address: string): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(Object(error)));
    });
    this.#servers.push(server.listen(this.port, address));
    await once(server, "listening");
  }

  /** As in the name of an image. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The tags of a repository. */
  tags(repository: string): string[] {
    const prefix = `${repository}:`;
    return [...this.#manifests.keys()].flatMap((key) =>
      key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
    );
  }

  async remove(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await rm(this.#folder, { recursive: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://registry");
    const [, repository = "", what, name = ""] = PLACE.exec(pathname) ?? [];
    const isWrite = !["GET", "HEAD"].includes(request.method ?? "");
    if (pathname === "/v2/") return void response.end("{}");
    if (what === "manifests" && isWrite) return this.#store(repository, name, request, response);
    if (what === "manifests") return this.#manifest(repository, name, request, response);
    if (what !== "blobs") return void response.writeHead(404).end();
    if (!isWrite) return this.#blob(name, request, response);
    const upload = request.method === "POST" ? randomUUID() : name;
    const file = join(this.#folder, upload);
    await pipeline(request, createWriteStream(file, { flags: "a" }));
    const digest = searchParams.get("digest");
    const location = digest === null ? `/v2/${repository}/blobs/uploads/${upload}` : pathname;
    if (digest !== null) await rename(file, this.#fileOf(digest));
    const range = `0-${digest === null ? Math.max(0, (await stat(file)).size - 1) : 0}`;
    response.writeHead(digest === null ? 202 : 201, { location, range, "docker-upload-uuid": upload }).end();
  }

  async #store(repository: string, name: string, request: IncomingMessage, response: ServerResponse) {
    const body = Buffer.concat(await request.toArray());
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    const manifest = { type: String(request.headers["content-type"]), body };
    this.#manifests.set(`${repository}:${name}`, manifest).set(`${repository}@${digest}`, manifest);
    response.writeHead(201, { "docker-content-digest": digest }).end();
  }

  #manifest(repository: string, name: string, { method }: IncomingMessage, response: ServerResponse): void {
    const key = name.startsWith("sha256:") ? `${repository}@${name}` : `${repository}:${name}`;
    const manifest = this.#manifests.get(key);
    if (!manifest) return void response.writeHead(404).end();
    if (method === "GET") this.pulled.push(key);
    const { type, body } = manifest;
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    response.writeHead(200, {
      "content-type": type,
      "content-length": body.length,
      "docker-content-digest": digest,
    });
    response.end(method === "GET" ? body : undefined);
  }

  async #blob(digest: string, { method }: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = this.#fileOf(digest);
    const size = await stat(file).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-length": size, "docker-content-digest": digest });
    if (method === "GET") await pipeline(createReadStream(file), response);
    else response.end();
  }

  #fileOf(digest: string): string {
    return join(this.#folder, digest.replaceAll(/[^a-z0-9]/g, "-"));
  }
}

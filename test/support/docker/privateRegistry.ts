import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { serveHttp } from "../httpServer.ts";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** A registry on loopback with one image that needs a login; https://distribution.github.io/distribution/spec/api/ */
export async function privateRegistry(
  user: string,
  password: string,
): Promise<{ image: string; host: string }> {
  // Two empty blocks form a tar archive without files.
  const layer = Buffer.alloc(1024);
  const packed = gzipSync(layer);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Cmd: ["/none"] },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: digestOf(config),
      },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
          size: packed.length,
          digest: digestOf(packed),
        },
      ],
    }),
  );
  const answers = new Map([
    ["/v2/", Buffer.from("{}")],
    ["/v2/shop/manifests/1.0.0", manifest],
    [`/v2/shop/manifests/${digestOf(manifest)}`, manifest],
    [`/v2/shop/blobs/${digestOf(config)}`, config],
    [`/v2/shop/blobs/${digestOf(packed)}`, packed],
  ]);
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const { port } = await serveHttp(({ url = "", headers, method }, response) => {
    const fail = (statusCode: number, code: string) =>
      response
        .writeHead(statusCode, {
          "content-type": "application/json",
          "www-authenticate": 'Basic realm="test"',
        })
        .end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll("_", " ") }] }));
    if (headers.authorization !== basic) return void fail(401, "UNAUTHORIZED");
    const body = answers.get(url);
    if (!body) return void fail(404, "MANIFEST_UNKNOWN");
    response.writeHead(200, {
      "content-type": url.includes("/manifests/") ? MANIFEST : "application/octet-stream",
      "content-length": body.length,
      "docker-content-digest": digestOf(body),
    });
    response.end(method === "HEAD" ? undefined : body);
  });
  const host = `127.0.0.1:${port}`;
  return { host, image: `${host}/shop:1.0.0` };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

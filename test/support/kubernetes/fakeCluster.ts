import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { serveHttp } from "../httpServer.ts";
import { temporaryDirectory } from "../temporaryDirectory.ts";

/** An API of a cluster that answers what it is given, by path, until that is deleted, and else that there is nothing. */
export async function fakeCluster(answers: Readonly<Record<string, object>> = {}) {
  const asked: string[] = [];
  const left = new Map(Object.entries(answers));
  const { port } = await serveHttp((request, response) => {
    const path = String(request.url).split("?")[0] ?? "";
    asked.push(`${request.method} ${path}`);
    const answer = left.get(path);
    if (request.method === "DELETE") left.delete(path);
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { kind: "Status", code: 404, message: `${path} not found` }));
  });
  const kubeconfig = join(await temporaryDirectory(), "kubeconfig");
  await writeFile(kubeconfig, kubeconfigOf(port));
  return { kubeconfig, asked };
}

/** The content of a kubeconfig for an API on this machine. */
export function kubeconfigOf(port: number): string {
  // The client library speaks plain HTTP only to a cluster that it need not verify.
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  const user = { name: "someone", user: {} };
  const context = { name: "fake", context: { cluster: "fake", user: "someone" } };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "fake",
    clusters: [{ name: "fake", cluster }],
    users: [user],
    contexts: [context],
  });
}

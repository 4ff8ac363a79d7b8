import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type FrontSettings, frontConfiguration } from "#kinds/kubernetes/front/frontConfiguration.ts";
import { freePort } from "../../../harness/freePort.ts";
import { quitNginx } from "../../../harness/nginxProcess.ts";
import { until } from "../../../harness/until.ts";
import { makeCertificate } from "../certificate.ts";
import { temporaryDirectory } from "../temporaryDirectory.ts";

type Json = ReturnType<typeof JSON.parse>;

/** A pod as an EndpointSlice has it. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}

/** An nginx in front of pods, on this machine, whose list comes from an API of the test's own. */
export async function frontHere(
  nginx: { readonly executable: string; readonly module: string },
  podPort: number,
  changes: Partial<FrontSettings> = {},
) {
  const directory = await temporaryDirectory();
  const api = await fakeApi();
  const [port, controlPort, readyPort] = [await freePort(), await freePort(), await freePort()];
  const settings: FrontSettings = {
    name: "shop_prod",
    flavour: "njs",
    njsModule: nginx.module,
    directory,
    address: "127.0.0.1",
    port,
    controlPort,
    readyPort,
    serverNames: [],
    hosts: [],
    check: {
      ...{ path: "/actuator/health", intervalMilliseconds: 200, rise: 1, fall: 2 },
      ...{ timeoutMilliseconds: 200, expect: ["2xx", "3xx"] },
    },
    healthPath: "/actuator/health",
    slowestRequestSeconds: 10,
    pathPrefix: "/",
    closedPaths: [],
    openPaths: [],
    statusAllow: [],
    namespace: "shop",
    podsService: "shop-pods",
    podPort,
    healthPort: podPort,
    account: api.account,
    ...changes,
  };
  for (const folder of ["logs", "temp"]) await mkdir(join(directory, folder), { mode: 0o777 });
  for (const [file, text] of Object.entries(frontConfiguration(settings)))
    await writeFile(join(directory, file), text);
  const errors: string[] = [];
  const env = {
    ...process.env,
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(api.port),
  };
  const options = ["-p", directory, "-c", join(directory, "nginx.conf"), "-g", "user root; daemon off;"];
  const start = async () => {
    const child = spawn(nginx.executable, options, { cwd: directory, env });
    child.stderr.on("data", (part) => errors.push(String(part)));
    await until(() =>
      fetch(`http://127.0.0.1:${readyPort}/ready`).then(
        () => true,
        () => child.exitCode !== null,
      ),
    );
    if (child.exitCode !== null) throw new Error(errors.join(""));
  };
  onTestFinished(() => quitNginx(directory, 5));
  const url = `http://127.0.0.1:${port}`;
  const control = `http://127.0.0.1:${controlPort}`;
  await start();
  const restart = async () => {
    await quitNginx(directory, 5);
    await start();
  };
  const isReady = async () => (await fetch(`http://127.0.0.1:${readyPort}/ready`)).status === 200;
  const status = async () => {
    const answer: Json = await (await fetch(`${control}/status?format=json`)).json();
    return answer.servers;
  };
  return { url, control, directory, errors, api, isReady, status, restart };
}

async function fakeApi() {
  const account = await temporaryDirectory();
  const { files, certificate, key } = await makeCertificate({ names: ["DNS:kubernetes.default.svc"] });
  await copyFile(files.certificate, join(account, "ca.crt"));
  await writeFile(join(account, "token"), "a-token\n");
  let endpoints: readonly Endpoint[] = [];
  let isSilent = false;
  const asked: { readonly url: string | undefined; readonly authorization: string | undefined }[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    if (isSilent) return void response.destroy();
    const items = [{ addressType: "IPv4", endpoints: endpoints.map(endpointOf) }];
    response.setHeader("content-type", "application/json").end(JSON.stringify({ items }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = Object(server.address());
  return {
    account,
    asked,
    port,
    set(next: readonly Endpoint[]) {
      endpoints = next;
    },
    silence(on: boolean) {
      isSilent = on;
    },
  };
}

function endpointOf({ name, address, ready = true, serving = true, terminating = false }: Endpoint) {
  return {
    addresses: [address],
    conditions: { ready: ready && !terminating, serving, terminating },
    targetRef: { kind: "Pod", name },
  };
}

import { join } from "node:path";
import { onTestFinished } from "vitest";
import { check } from "#provider/deployment.ts";
import { releaseId } from "#rollout/release/release.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import type { Behaviour } from "../../harness/fakeApplication.ts";
import { controlPortFor, freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { fakeJar, fakeJava } from "./fakeJava.ts";
import { localHost } from "./localHost.ts";
import { nginxSettings, serveNginx } from "./nginx.ts";
import { validRequest } from "./rollRequest.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** Two hosts with a fake java behind a real nginx; nothing is deployed yet. */
export async function newFleet(environment: Record<string, string> = {}, { ownHealthPorts = false } = {}) {
  const { jar: _, release: __, ...given } = validRequest();
  const directory = await temporaryDirectory();
  const java = await fakeJava();
  const port = await freePort();
  const proxy = {
    kind: "local",
    directory: join(directory, "nginx"),
    address: "127.0.0.1",
    port,
    controlPort: controlPortFor(port),
  };
  const hosts = await Promise.all(
    ["app-1", "app-2"].map(async (name) => ({
      kind: "local" as const,
      name,
      directory: join(directory, "hosts", name),
      address: "127.0.0.1",
      port: await freePort(),
      ...(ownHealthPorts && { healthPort: await freePort() }),
    })),
  );
  await serveNginx(nginxSettings({ ...proxy, hosts }));
  for (const host of hosts) onTestFinished(async () => void (await localHost(host).stop(0)));
  const request: Omit<RollRequest, "jar" | "release" | "proxies"> = {
    ...given,
    hosts,
    launch: { java, jvmOptions: [], arguments: [] },
    environment,
    health: {
      path: "/actuator/health",
      passes: 1,
      intervalMilliseconds: 20,
      timeoutMilliseconds: 2000,
      deadlineSeconds: 20,
    },
    timing: { ...given.timing, soakSeconds: 0 },
    minimumHealthy: 1,
  };
  return { hosts, url: `http://127.0.0.1:${proxy.port}`, request: { ...request, proxies: [proxy] } };
}

/** Inputs as `check` leaves them, with what Pulumi adds. */
export async function inputsFor(request: object, behaviour: Behaviour) {
  const jar = await fakeJar(behaviour);
  const { inputs, failures } = await check({ olds: {}, news: { ...request, jar: { path: jar.path } } });
  if (inputs === undefined) throw new Error(`refused: ${JSON.stringify(failures)}`);
  return { inputs: { ...inputs, __provider: "code" }, release: releaseId(jar) };
}

/** The version that answers at a URL. */
export async function versionServed(url: string): Promise<string> {
  return JSON.parse((await request(`${url}/`)).body).version;
}

import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { check } from "#provider/deployment.ts";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
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

/** How a fleet is not as usual. */
export interface FleetOptions {
  readonly ownHealthPorts?: boolean;
  /** Makes an nginx serve the hosts; one of its own by default. */
  readonly serve?: (hosts: readonly HostPlace[]) => Promise<LocalProxyDescriptor>;
}

/** Two hosts with a fake java behind a real nginx; nothing is deployed yet. */
export async function newFleet(
  environment: Record<string, string> = {},
  { ownHealthPorts = false, serve }: FleetOptions = {},
) {
  const { jar: _, release: __, ...given } = validRequest();
  const directory = await temporaryDirectory();
  const java = await fakeJava();
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
  const proxy = (await serve?.(hosts)) ?? (await ownNginx(join(directory, "nginx"), hosts));
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
  const proxies: [LocalProxyDescriptor] = [proxy];
  return { hosts, url: `http://127.0.0.1:${proxy.port}`, request: { ...request, proxies } };
}

async function ownNginx(directory: string, hosts: readonly HostPlace[]): Promise<LocalProxyDescriptor> {
  const port = await freePort();
  const place = { directory, address: "127.0.0.1", port, controlPort: controlPortFor(port) };
  await serveNginx(nginxSettings({ ...place, hosts }));
  return { kind: "local", ...place };
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

import { onTestFinished } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { localNginxPlace, openLocalNginx } from "#kinds/local/localNginx.ts";
import type { HostPlace } from "#rollout/host/hostPlace.ts";
import type { TwoSlots } from "#rollout/host/slots.ts";
import { MachineNginxAccess } from "#rollout/nginx/machineNginxAccess.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { controlPortFor } from "../../harness/freePort.ts";
import { quitNginx } from "../../harness/nginxProcess.ts";

/** The nginx of this machine. */
export const NGINX = (await findExecutable("nginx")) ?? "/usr/sbin/nginx";

/** Hosts with two slots each; the second slots follow the first ones' ports. */
export function twoSlotsInARow(size: number, name?: (number: number) => string): TwoSlots[] {
  return hostsInARow(size, name).map((host) => ({
    ...host,
    second: { address: host.address, port: host.port + size },
  }));
}

/** Hosts with names and ports in a row. */
export function hostsInARow(size: number, name = (number: number) => `app-${number}`): HostPlace[] {
  return Array.from({ length: size }, (_, index) => ({
    name: name(index + 1),
    address: "127.0.0.1",
    port: 8081 + index,
  }));
}

/** Settings of a stock nginx at this port, in this directory; `settings` replaces any of them. */
export function nginxSettings(
  settings: Partial<NginxSettings> & Pick<NginxSettings, "directory" | "port">,
): NginxSettings {
  return {
    name: "market",
    flavour: "stock",
    address: "127.0.0.1",
    controlPort: controlPortFor(settings.port),
    serverNames: [],
    hosts: [
      { name: "app-1", address: "127.0.0.1", port: 8081 },
      { name: "app-2", address: "127.0.0.1", port: 8082 },
    ],
    check: {
      path: "/actuator/health",
      intervalMilliseconds: 3000,
      rise: 2,
      fall: 5,
      timeoutMilliseconds: 1000,
      expect: ["2xx", "3xx"],
    },
    healthPath: "/actuator/health",
    slowestRequestSeconds: 30,
    pathPrefix: "/",
    closedPaths: [],
    openPaths: [],
    statusAllow: [],
    ...(process.getuid?.() === 0 && { user: "root" }),
    ...settings,
  };
}

type LocalPlace = Pick<NginxSettings, "directory" | "address" | "port"> &
  Partial<Pick<NginxSettings, "controlPort">>;

/** Makes a real nginx serve these settings; it is gone after the test. */
export async function serveNginx(
  settings: NginxSettings,
  executable = NGINX,
): Promise<"started" | "reloaded" | "unchanged"> {
  onTestFinished(() => quitNginx(settings.directory, 5));
  return serveConfiguration(localNginxServer(settings, executable), settings, 5);
}

/** The nginx of a directory of this machine; what was opened to reach it is let go of after the test. */
export function localNginxServer(
  { directory, address, port, controlPort = controlPortFor(port) }: LocalPlace,
  executable = NGINX,
): NginxServer {
  const { server, close } = openLocalNginx(
    { kind: "local", directory, address, port, controlPort },
    executable,
  );
  onTestFinished(close);
  return server;
}

/** The way to an nginx of this machine, for the time of a test. */
export function localNginxAccess({
  directory,
  address,
  port,
  controlPort = controlPortFor(port),
}: LocalPlace): MachineNginxAccess {
  const place = localNginxPlace({ kind: "local", directory, address, port, controlPort });
  const access = new MachineNginxAccess(new LocalMachine(), place);
  onTestFinished(() => access.close());
  return access;
}

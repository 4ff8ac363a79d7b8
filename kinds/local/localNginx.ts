import { isAbsolute, resolve } from "node:path";
import { RollgateError } from "#rollout/common/errors.ts";
import { once } from "#rollout/common/once.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { ForeignNginxServer } from "#rollout/nginx/foreignNginxServer.ts";
import { machineAbilities, workersAccount } from "#rollout/nginx/machineAbilities.ts";
import type { NginxPlace } from "#rollout/nginx/machineNginxAccess.ts";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { publicUrl } from "#rollout/request/publicUrl.ts";
import { foreignPlaceOf } from "../foreignPlaceOf.ts";
import type { NginxKind, OpenNginx } from "../nginxKind.ts";
import { openForeignNginx } from "../openForeignNginx.ts";
import { refuseNeighbours } from "../refuseNeighbours.ts";
import { type LocalProxyDescriptor, localNginxInputs, localProxyDescriptor } from "./localDescriptors.ts";
import { LocalMachine } from "./localMachine.ts";

/** An nginx on this machine with its own prefix, as a daemon of this user. */
export const localNginx: NginxKind = {
  inputs: localNginxInputs,
  asked: "executable",
  place: ["directory", "foreign"],
  ways: ["executable"],
  deleteBeforeReplace: true,
  open: (inputs) => openLocalNginx(partOf(localProxyDescriptor, inputs), String(Object(inputs).executable)),
};

/** Opens an nginx on this machine; `executable` is a path or a name to look up. */
export function openLocalNginx(proxy: LocalProxyDescriptor, executable = "nginx"): OpenNginx {
  const { directory, address, port, controlPort, foreign } = proxy;
  const machine = new LocalMachine();
  const command = executable.includes("/") && !isAbsolute(executable) ? resolve(executable) : executable;
  const leases = new MachineLeaseStore(machine, `${directory}/lease`);
  const way = { directory, address, port, controlPort };
  if (foreign) {
    const how = { executable: command, means: "signal" } as const;
    const place = foreignPlaceOf(localNginxPlace(proxy), foreign, how);
    return openForeignNginx(new ForeignNginxServer(machine, place), { id: directory, leases, way });
  }
  const runner = new ProcessNginx(machine, directory, command);
  const account = once(() => workersAccount(machine, directory));
  const server = new MachineNginxServer(machine, localNginxPlace(proxy), runner);
  return {
    id: directory,
    name: executable,
    server,
    command,
    sharesPorts: true,
    leases,
    refuse: (inputs) => refuseNeighbours(server, { ...inputs, ...way }),
    abilities: () => machineAbilities(machine, command),
    settings: async () => ({ ...way, ...(await account()) }),
    unknown: async () =>
      new RollgateError("nginx-missing", `expected nginx, found no executable ${executable}`),
    close: () => server.access.close(),
  };
}

/** Clients connect to the address that nginx listens on. */
export function localNginxPlace(proxy: LocalProxyDescriptor): NginxPlace {
  const { directory, address, port, controlPort } = proxy;
  return { directory, address, port, controlPort, url: publicUrl(proxy) };
}

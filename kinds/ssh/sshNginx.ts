import { RollgateError } from "#rollout/common/errors.ts";
import { once } from "#rollout/common/once.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { isUnspecified } from "#rollout/machine/connections.ts";
import { ForeignNginxServer } from "#rollout/nginx/foreignNginxServer.ts";
import { machineAbilities, workersAccount } from "#rollout/nginx/machineAbilities.ts";
import type { NginxPlace } from "#rollout/nginx/machineNginxAccess.ts";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { SystemdNginx } from "#rollout/nginx/systemdNginx.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { publicUrl } from "#rollout/request/publicUrl.ts";
import { foreignPlaceOf } from "../foreignPlaceOf.ts";
import type { NginxKind, OpenNginx } from "../nginxKind.ts";
import { openForeignNginx } from "../openForeignNginx.ts";
import { refuseNeighbours } from "../refuseNeighbours.ts";
import { copiesFolder } from "./certificateUnits.ts";
import { placedOnServer } from "./placedOnServer.ts";
import { hostOf } from "./sshArguments.ts";
import { type SshProxyDescriptor, sshNginxInputs, sshProxyDescriptor } from "./sshDescriptors.ts";
import { SshMachine } from "./sshMachine.ts";

const onServer = placedOnServer((inputs) => partOf(sshProxyDescriptor, inputs));

/** An nginx on a server reached over SSH, or our part of one. */
export const sshNginx: NginxKind = {
  ...onServer,
  place: [...onServer.place, "foreign"],
  inputs: sshNginxInputs,
  ways: ["server", "sshConfig"],
  deleteBeforeReplace: true,
  open: (inputs) => {
    const { executable, certificateCopies } = Object(inputs);
    const proxy = partOf(sshProxyDescriptor, inputs);
    return openSshNginx(proxy, String(executable), new SshMachine(proxy), certificateCopies === true);
  },
};

/** `machine` is the server's; `hasCopies` is whether root keeps copies of the certificate there. */
export function openSshNginx(
  proxy: SshProxyDescriptor,
  executable = "nginx",
  machine = new SshMachine(proxy),
  hasCopies = false,
): OpenNginx {
  const { server: name, directory, address, port, controlPort, supervisor, unit, foreign } = proxy;
  const withSystemd = supervisor === "systemd";
  const id = `${name}:${directory}`;
  const leases = new MachineLeaseStore(machine, `${directory}/lease`);
  const way = { directory, address, port, controlPort };
  if (foreign) {
    const means = withSystemd ? ("stack" in foreign ? "stack" : "unit") : "signal";
    const place = foreignPlaceOf(sshNginxPlace(proxy), foreign, { executable, means });
    const parts = { id, leases, way, close: () => machine.close() };
    return openForeignNginx(new ForeignNginxServer(machine, place), parts);
  }
  const runner = withSystemd
    ? new SystemdNginx(machine, directory, unit)
    : new ProcessNginx(machine, directory, executable);
  const account = once(() => workersAccount(machine, directory));
  const server = new MachineNginxServer(machine, sshNginxPlace(proxy), runner);
  return {
    id,
    name: `the nginx of ${name}`,
    server,
    ...(!withSystemd && { command: executable }),
    sharesPorts: true,
    leases,
    refuse: (inputs) => refuseNeighbours(server, { ...inputs, ...way }),
    abilities: () =>
      machineAbilities(machine, executable).catch((error: unknown) => {
        if (error instanceof RollgateError && error.code === "nginx-missing") return undefined;
        throw error;
      }),
    settings: async () => ({
      ...way,
      // nginx's own account can write there.
      pidFile: "temp/nginx.pid",
      ...(hasCopies && { certificateCopies: `${copiesFolder(proxy)}/current` }),
      ...(withSystemd ? { errorLog: "stderr" } : await account()),
    }),
    unknown: async () =>
      new RollgateError("nginx-missing", `${name}: expected nginx, found no executable ${executable}`),
    close: () => server.access.close().finally(() => machine.close()),
  };
}

/** The URL for clients: the address nginx listens on, or the server's name. */
export function sshNginxPlace(proxy: SshProxyDescriptor): NginxPlace {
  const { directory, address, port, controlPort, server } = proxy;
  const url = publicUrl(proxy, isUnspecified(address) ? hostOf(server) : undefined);
  return { directory, address, port, controlPort, url };
}

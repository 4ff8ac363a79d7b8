import type { z } from "zod";
import { partOf } from "#rollout/request/partOf.ts";
import { hostInFolder } from "../hostInFolder.ts";
import { type HostKind, keptInputs, type OpenHost } from "../hostKind.ts";
import { NOBODY } from "../takenPort.ts";
import { atOnce } from "./atOnce.ts";
import { openSshHost } from "./openSshHost.ts";
import { placedOnServer } from "./placedOnServer.ts";
import { sshHostDescriptor } from "./sshDescriptors.ts";
import { SshMachine } from "./sshMachine.ts";

/** The inputs of a host on a server. */
export const sshHostInputs = sshHostDescriptor.extend(keptInputs);
export type SshHostInputs = z.infer<typeof sshHostInputs>;

/** A host in a folder on a server; whether the server can be reached is checked before anything is declared. */
export const sshHost: HostKind = {
  ...placedOnServer((inputs) => partOf(sshHostDescriptor, inputs)),
  inputs: sshHostInputs,
  open,
};

function open(inputs: object): OpenHost {
  const place = partOf(sshHostDescriptor, inputs);
  const machine = new SshMachine(place);
  const host = hostInFolder(machine, place.directory, openSshHost(machine, place));
  return {
    ...host,
    id: `${place.server}:${place.directory}`,
    // A server that can't be asked may not be set up yet.
    portOwner: () => atOnce(() => host.portOwner()).catch(() => NOBODY),
    removeFiles: async () => {
      const left = await host.removeFiles();
      return left && `${left} on ${place.server}`;
    },
    close: () => machine.close(),
  };
}

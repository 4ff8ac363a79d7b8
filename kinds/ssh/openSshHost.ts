import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import { ProcessSupervisor } from "#rollout/host/processSupervisor.ts";
import { SystemdSupervisor } from "#rollout/host/systemdSupervisor.ts";
import type { SshHostDescriptor } from "./sshDescriptors.ts";
import { SshHealth } from "./sshHealth.ts";
import type { SshMachine } from "./sshMachine.ts";

/** A host on a server: a directory, an address and a port there. */
export function openSshHost(machine: SshMachine, place: SshHostDescriptor): HostParts {
  const files = new HostFiles(machine, place.directory);
  const supervisor =
    place.supervisor === "systemd"
      ? new SystemdSupervisor(machine, place, files, place.unit)
      : new ProcessSupervisor(machine, place, files, `${place.directory}/logs/app.log on ${place.server}`);
  return { place, files, supervisor, health: new SshHealth(machine, place) };
}

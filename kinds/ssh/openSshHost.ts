import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import { MachineTasks } from "#rollout/host/machineTasks.ts";
import { openSlots } from "#rollout/host/openSlots.ts";
import { ProcessSupervisor } from "#rollout/host/processSupervisor.ts";
import { SystemdSupervisor } from "#rollout/host/systemdSupervisor.ts";
import { StartupCache } from "#rollout/startupCache/startupCache.ts";
import type { SshHostDescriptor } from "./sshDescriptors.ts";
import { SshHealth } from "./sshHealth.ts";
import type { SshMachine } from "./sshMachine.ts";
import { unitOf } from "./units.ts";

/** A host on a server: a directory, an address and a port there, or two. */
export function openSshHost(machine: SshMachine, place: SshHostDescriptor): HostParts {
  const files = new HostFiles(machine, place.directory);
  return {
    files,
    machine,
    tasks: new MachineTasks(machine, place.directory, files),
    lastSeen: machine.lastSeen(place.directory),
    startupCache: (launch) => new StartupCache(machine, place.directory, launch),
    ...openSlots(place, (slot) => ({
      place: slot,
      supervisor:
        place.supervisor === "systemd"
          ? new SystemdSupervisor(machine, slot, files, unitOf(place, slot))
          : new ProcessSupervisor(machine, slot, files, place.server),
      health: new SshHealth(machine, slot),
    })),
  };
}

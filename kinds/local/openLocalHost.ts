import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import { MachineTasks } from "#rollout/host/machineTasks.ts";
import { openSlots } from "#rollout/host/openSlots.ts";
import { ProcessSupervisor } from "#rollout/host/processSupervisor.ts";
import { StartupCache } from "#rollout/startupCache/startupCache.ts";
import type { LocalHostDescriptor } from "./localDescriptors.ts";
import { LocalMachine } from "./localMachine.ts";

const THIS_MACHINE = new LocalMachine();

/** Opens a host on this machine; each health request uses a new connection. */
export function openLocalHost(place: LocalHostDescriptor, machine = THIS_MACHINE): HostParts {
  const files = new HostFiles(machine, place.directory);
  return {
    files,
    tasks: new MachineTasks(machine, place.directory, files),
    startupCache: (launch) => new StartupCache(machine, place.directory, launch),
    ...openSlots(place, (slot) => ({
      place: slot,
      supervisor: new ProcessSupervisor(machine, slot, files),
      health: new MachineHealth(machine, slot, 0),
    })),
  };
}

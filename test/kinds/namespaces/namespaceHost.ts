import { hostInFolder } from "#kinds/hostInFolder.ts";
import { type HostKind, keptInputs } from "#kinds/hostKind.ts";
import { MachineHealth } from "#rollout/host/healthEndpoint.ts";
import { HostFiles } from "#rollout/host/hostFiles.ts";
import type { HostParts } from "#rollout/host/machineAppHost.ts";
import { MachineTasks } from "#rollout/host/machineTasks.ts";
import { openSlots } from "#rollout/host/openSlots.ts";
import { ProcessSupervisor } from "#rollout/host/processSupervisor.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { type NamespaceHostDescriptor, namespaceHostDescriptor } from "./namespaceDescriptors.ts";
import { NamespaceMachine } from "./namespaceMachine.ts";

export const namespaceHost: HostKind = {
  inputs: namespaceHostDescriptor.extend(keptInputs),
  asked: "namespace",
  place: ["namespace", "directory"],
  open: (inputs) => {
    const place = partOf(namespaceHostDescriptor, inputs);
    const machine = new NamespaceMachine(place.namespace);
    const host = hostInFolder(machine, place.directory, openNamespaceHost(place));
    return { ...host, id: `${place.namespace}:${place.directory}`, close: async () => {} };
  },
};

/** A host whose application is a process in a namespace. */
export function openNamespaceHost(place: NamespaceHostDescriptor): HostParts {
  const machine = new NamespaceMachine(place.namespace);
  const files = new HostFiles(machine, place.directory);
  return {
    files,
    tasks: new MachineTasks(machine, place.directory, files),
    ...openSlots(place, (slot) => ({
      place: slot,
      supervisor: new ProcessSupervisor(machine, slot, files),
      health: new MachineHealth(machine, slot, 0),
    })),
  };
}

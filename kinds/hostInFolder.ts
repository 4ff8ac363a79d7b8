import type { HostParts } from "#rollout/host/machineAppHost.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import type { OpenHost } from "./hostKind.ts";

/** A host that keeps its files in a folder on a machine. */
export function hostInFolder(
  machine: Pick<Machine, "run">,
  directory: string,
  { supervisor, second, former = second?.supervisor, files }: HostParts,
): Omit<OpenHost, "id" | "close"> {
  return {
    supervisors: [supervisor, ...(former ? [former] : [])],
    portOwner: () => supervisor.portOwner(),
    isThere: async () =>
      (await machine.run('if [ -d "$1/releases" ]; then echo yes; fi', [directory])) !== "",
    removeFiles: () => files.removeAll(),
  };
}

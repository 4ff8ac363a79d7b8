import type { HostParts } from "#rollout/host/machineAppHost.ts";
import { isFolder } from "#rollout/machine/isFolder.ts";
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
    portOwner: async () => {
      const owner = await supervisor.portOwner();
      // A host that serves from its second slot doesn't need the ports of the first one.
      const isServed = owner.kind === "other" && (await second?.supervisor.running()) !== undefined;
      return isServed ? { kind: "nobody" } : owner;
    },
    isThere: () => isFolder(machine, `${directory}/releases`),
    removeFiles: () => files.removeAll(),
  };
}
